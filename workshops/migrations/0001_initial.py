import uuid

import django.contrib.postgres.constraints
import django.contrib.postgres.fields
import django.contrib.postgres.fields.ranges
import django.core.validators
import django.db.models.deletion
import django.db.models.functions.comparison
import django.db.models.functions.datetime
import django.db.models.functions.text
from django.conf import settings
from django.db import migrations, models

import outbox.inbound
import workshops.attendance.models
import workshops.models.documents
import workshops.models.invitations
import workshops.models.rules
import workshops.models.workshops
from core import triggers
from workshops import seat_triggers
from workshops import triggers as workshop_triggers
from workshops.minutes import triggers as minutes_triggers


class Migration(migrations.Migration):
    initial = True

    dependencies = [
        ("core", "0001_initial"),
        ("members", "0001_initial"),
        migrations.swappable_dependency(settings.AUTH_USER_MODEL),
    ]

    operations = [
        migrations.CreateModel(
            name="DatePoll",
            fields=[
                (
                    "id",
                    models.BigAutoField(
                        auto_created=True, primary_key=True, serialize=False, verbose_name="ID"
                    ),
                ),
                ("answer_by", models.DateTimeField(verbose_name="answer by")),
                ("deadline_set_at", models.DateTimeField(editable=False, null=True)),
                ("extensions", models.PositiveSmallIntegerField(default=0, editable=False)),
                ("revision", models.PositiveSmallIntegerField(default=0, editable=False)),
                ("revised_at", models.DateTimeField(editable=False, null=True)),
            ],
            options={
                "verbose_name": "date poll",
                "verbose_name_plural": "date polls",
                "default_permissions": (),
            },
        ),
        migrations.CreateModel(
            name="Minutes",
            fields=[
                (
                    "id",
                    models.BigAutoField(
                        auto_created=True, primary_key=True, serialize=False, verbose_name="ID"
                    ),
                ),
                (
                    "state",
                    models.CharField(
                        choices=[
                            ("draft", "Draft"),
                            ("corrections", "Open to corrections"),
                            ("approved", "Approved"),
                        ],
                        default="draft",
                        editable=False,
                        max_length=12,
                        verbose_name="state",
                    ),
                ),
                ("chair", models.CharField(blank=True, max_length=170, verbose_name="chaired by")),
                (
                    "secretary",
                    models.CharField(blank=True, max_length=170, verbose_name="secretary of the meeting"),
                ),
                (
                    "introduction_fr",
                    models.TextField(
                        blank=True, max_length=50000, verbose_name="introductory note (French, Markdown)"
                    ),
                ),
                (
                    "introduction_en",
                    models.TextField(
                        blank=True, max_length=50000, verbose_name="introductory note (English, Markdown)"
                    ),
                ),
                ("circulated_at", models.DateTimeField(editable=False, null=True, verbose_name="circulated")),
                (
                    "corrections_close_at",
                    models.DateTimeField(editable=False, null=True, verbose_name="corrections until"),
                ),
                ("approved_at", models.DateTimeField(editable=False, null=True, verbose_name="approved")),
                ("seats", models.PositiveSmallIntegerField(editable=False, null=True)),
                ("voices", models.PositiveSmallIntegerField(editable=False, null=True)),
                (
                    "text_sha256",
                    models.CharField(
                        blank=True, editable=False, max_length=64, verbose_name="SHA-256 of the text"
                    ),
                ),
            ],
            options={
                "verbose_name": "minutes",
                "verbose_name_plural": "minutes",
                "ordering": ["-workshop__starts_at", "-id"],
                "default_permissions": ("view", "change"),
            },
        ),
        migrations.CreateModel(
            name="Series",
            fields=[
                (
                    "id",
                    models.BigAutoField(
                        auto_created=True, primary_key=True, serialize=False, verbose_name="ID"
                    ),
                ),
                ("name_fr", models.CharField(max_length=120, unique=True, verbose_name="name (French)")),
                ("name_en", models.CharField(blank=True, max_length=120, verbose_name="name (English)")),
            ],
            options={
                "verbose_name": "workshop series",
                "verbose_name_plural": "series of workshops",
                "ordering": ["name_fr"],
            },
        ),
        migrations.CreateModel(
            name="Invitation",
            fields=[
                (
                    "id",
                    models.BigAutoField(
                        auto_created=True, primary_key=True, serialize=False, verbose_name="ID"
                    ),
                ),
                ("name", models.CharField(max_length=170, verbose_name="name")),
                ("email", models.EmailField(max_length=254, verbose_name="e-mail address")),
                (
                    "language",
                    models.CharField(
                        choices=[("fr", "Français"), ("en", "English")], default="fr", max_length=2
                    ),
                ),
                (
                    "token",
                    models.CharField(
                        default=workshops.models.invitations.new_token,
                        editable=False,
                        max_length=64,
                        unique=True,
                    ),
                ),
                (
                    "answer",
                    models.CharField(
                        choices=[
                            ("silent", "No answer yet"),
                            ("yes", "Present"),
                            ("excused", "Excused"),
                            ("represented", "Represented"),
                            ("waiting", "Waiting list"),
                        ],
                        default="silent",
                        editable=False,
                        max_length=12,
                        verbose_name="answer",
                    ),
                ),
                (
                    "is_required",
                    models.BooleanField(
                        default=False,
                        help_text="The meeting should not take place without them.",
                        verbose_name="required",
                    ),
                ),
                (
                    "represented_by",
                    models.CharField(blank=True, max_length=170, verbose_name="represented by"),
                ),
                (
                    "needs",
                    models.CharField(
                        blank=True,
                        help_text="Seen by the secretariat and deleted after the meeting.",
                        max_length=300,
                        verbose_name="needs (access, diet)",
                    ),
                ),
                (
                    "waiting_since",
                    models.DateTimeField(editable=False, null=True, verbose_name="on the waiting list since"),
                ),
                (
                    "is_stand_in",
                    models.BooleanField(default=False, editable=False, verbose_name="named by a colleague"),
                ),
                (
                    "host_sheet_sent_at",
                    models.DateTimeField(editable=False, null=True, verbose_name="host sheet sent"),
                ),
                ("promoted_at", models.DateTimeField(editable=False, null=True, verbose_name="seat freed")),
                (
                    "comment",
                    models.TextField(blank=True, max_length=1000, verbose_name="message to the secretariat"),
                ),
                ("answered_at", models.DateTimeField(editable=False, null=True, verbose_name="answered")),
                (
                    "answer_source",
                    models.CharField(
                        blank=True,
                        choices=[
                            ("portal", "Portal"),
                            ("mail-link", "Link in the e-mail"),
                            ("calendar", "Reply from the calendar"),
                            ("secretariat", "Recorded by the secretariat"),
                            ("promotion", "Seat freed"),
                            ("colleague", "Named by a colleague"),
                        ],
                        editable=False,
                        max_length=12,
                        verbose_name="came by",
                    ),
                ),
                (
                    "reply_tag",
                    models.CharField(
                        default=outbox.inbound.new_tag, editable=False, max_length=16, unique=True
                    ),
                ),
                ("asked_sequence", models.PositiveIntegerField(default=0, editable=False)),
                ("reply_sequence", models.PositiveIntegerField(editable=False, null=True)),
                ("reply_dtstamp", models.DateTimeField(editable=False, null=True)),
                ("sent_at", models.DateTimeField(editable=False, null=True, verbose_name="sent")),
                ("withdrawn_at", models.DateTimeField(editable=False, null=True, verbose_name="withdrawn")),
                (
                    "answered_by",
                    models.ForeignKey(
                        editable=False,
                        null=True,
                        on_delete=django.db.models.deletion.SET_NULL,
                        related_name="+",
                        to=settings.AUTH_USER_MODEL,
                        verbose_name="recorded by",
                    ),
                ),
                (
                    "organisation",
                    models.ForeignKey(
                        blank=True,
                        null=True,
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="+",
                        to="members.organisation",
                        verbose_name="organisation",
                    ),
                ),
                (
                    "person",
                    models.ForeignKey(
                        blank=True,
                        null=True,
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="invitations",
                        to=settings.AUTH_USER_MODEL,
                        verbose_name="person",
                    ),
                ),
                (
                    "proxy_organisation",
                    models.ForeignKey(
                        blank=True,
                        null=True,
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="+",
                        to="members.organisation",
                        verbose_name="proxy given to",
                    ),
                ),
                (
                    "representative",
                    models.ForeignKey(
                        blank=True,
                        null=True,
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="+",
                        to=settings.AUTH_USER_MODEL,
                        verbose_name="colleague",
                    ),
                ),
            ],
            options={
                "verbose_name": "invitation",
                "verbose_name_plural": "invitations",
                "ordering": ["organisation__sort_name", "name", "id"],
            },
        ),
        migrations.CreateModel(
            name="KindRules",
            fields=[
                (
                    "id",
                    models.BigAutoField(
                        auto_created=True, primary_key=True, serialize=False, verbose_name="ID"
                    ),
                ),
                (
                    "kind",
                    models.CharField(
                        choices=[
                            ("session", "Council session"),
                            ("workshop-council", "Workshop-council"),
                            ("think-tank", "Think tank meeting"),
                            ("visit", "Company visit"),
                        ],
                        max_length=20,
                        unique=True,
                        verbose_name="kind",
                    ),
                ),
                (
                    "convocation_days",
                    models.PositiveSmallIntegerField(
                        default=workshops.models.rules.convocation_days,
                        help_text="Neither the sending day nor the meeting day counts.",
                        validators=[django.core.validators.MaxValueValidator(60)],
                        verbose_name="delay of the convocation (clear days)",
                    ),
                ),
                (
                    "silent_days",
                    django.contrib.postgres.fields.ArrayField(
                        base_field=models.PositiveSmallIntegerField(
                            validators=[
                                django.core.validators.MinValueValidator(1),
                                django.core.validators.MaxValueValidator(60),
                            ]
                        ),
                        blank=True,
                        default=workshops.models.rules.silent_days,
                        help_text="Separated by commas: 7,2",
                        size=5,
                        verbose_name="reminders to the silent (days before the deadline)",
                    ),
                ),
                (
                    "attending_hours",
                    django.contrib.postgres.fields.ArrayField(
                        base_field=models.PositiveSmallIntegerField(
                            validators=[
                                django.core.validators.MinValueValidator(1),
                                django.core.validators.MaxValueValidator(240),
                            ]
                        ),
                        blank=True,
                        default=workshops.models.rules.attending_hours,
                        help_text="Separated by commas: 48,24",
                        size=5,
                        verbose_name="reminders to those who come (hours before the start)",
                    ),
                ),
                (
                    "proxies_allowed",
                    models.BooleanField(
                        default=False,
                        help_text="An organisation may be represented by another one.",
                        verbose_name="proxies allowed",
                    ),
                ),
                (
                    "corrections_days",
                    models.PositiveSmallIntegerField(
                        default=7,
                        validators=[
                            django.core.validators.MinValueValidator(1),
                            django.core.validators.MaxValueValidator(60),
                        ],
                        verbose_name="corrections of the minutes (days)",
                    ),
                ),
            ],
            options={
                "verbose_name": "rules of a kind",
                "verbose_name_plural": "rules by kind",
                "ordering": ["kind"],
                "constraints": [
                    models.CheckConstraint(
                        condition=models.Q(
                            ("kind__in", ["session", "workshop-council", "think-tank", "visit"])
                        ),
                        name="kindrules_kind_known",
                    ),
                    models.CheckConstraint(
                        condition=models.Q(
                            ("convocation_days__lte", 60), ("corrections_days__range", (1, 60))
                        ),
                        name="kindrules_days_bounded",
                        violation_error_message="A delay is of 60 days at most.",
                    ),
                    models.CheckConstraint(
                        condition=models.Q(
                            workshops.models.rules.AllFrom1To("silent_days", most=60),
                            ("silent_days__len__lte", 5),
                        ),
                        name="kindrules_silent_days_bounded",
                        violation_error_message="At most 5 delays, each from 1 to 60 days.",
                    ),
                    models.CheckConstraint(
                        condition=models.Q(
                            workshops.models.rules.AllFrom1To("attending_hours", most=240),
                            ("attending_hours__len__lte", 5),
                        ),
                        name="kindrules_attending_hours_bounded",
                        violation_error_message="At most 5 delays, each from 1 to 240 hours.",
                    ),
                ],
            },
        ),
        migrations.CreateModel(
            name="MinutesSection",
            fields=[
                (
                    "id",
                    models.BigAutoField(
                        auto_created=True, primary_key=True, serialize=False, verbose_name="ID"
                    ),
                ),
                ("position", models.PositiveSmallIntegerField(verbose_name="rank")),
                ("title_fr", models.CharField(max_length=200, verbose_name="title (French)")),
                ("title_en", models.CharField(blank=True, max_length=200, verbose_name="title (English)")),
                (
                    "text_fr",
                    models.TextField(blank=True, max_length=50000, verbose_name="text (French, Markdown)"),
                ),
                (
                    "text_en",
                    models.TextField(blank=True, max_length=50000, verbose_name="text (English, Markdown)"),
                ),
                (
                    "minutes",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.CASCADE,
                        related_name="sections",
                        to="workshops.minutes",
                    ),
                ),
            ],
            options={
                "verbose_name": "section of the minutes",
                "verbose_name_plural": "sections of the minutes",
                "ordering": ["position", "id"],
                "default_permissions": (),
            },
        ),
        migrations.CreateModel(
            name="Decision",
            fields=[
                (
                    "id",
                    models.BigAutoField(
                        auto_created=True, primary_key=True, serialize=False, verbose_name="ID"
                    ),
                ),
                ("number", models.PositiveSmallIntegerField(editable=False, verbose_name="number")),
                ("text_fr", models.TextField(max_length=2000, verbose_name="decision (French)")),
                ("text_en", models.TextField(blank=True, max_length=2000, verbose_name="decision (English)")),
                ("due_on", models.DateField(blank=True, null=True, verbose_name="due")),
                (
                    "state",
                    models.CharField(
                        choices=[("open", "Open"), ("done", "Done"), ("dropped", "Dropped")],
                        default="open",
                        editable=False,
                        max_length=8,
                        verbose_name="state",
                    ),
                ),
                ("closed_at", models.DateTimeField(editable=False, null=True, verbose_name="closed")),
                (
                    "organisation",
                    models.ForeignKey(
                        blank=True,
                        null=True,
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="decisions",
                        to="members.organisation",
                        verbose_name="organisation in charge",
                    ),
                ),
                (
                    "person",
                    models.ForeignKey(
                        blank=True,
                        null=True,
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="decisions",
                        to=settings.AUTH_USER_MODEL,
                        verbose_name="owner",
                    ),
                ),
                (
                    "minutes",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.CASCADE,
                        related_name="decisions",
                        to="workshops.minutes",
                    ),
                ),
                (
                    "section",
                    models.ForeignKey(
                        blank=True,
                        null=True,
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="decisions",
                        to="workshops.minutessection",
                        verbose_name="section",
                    ),
                ),
            ],
            options={
                "verbose_name": "decision",
                "verbose_name_plural": "decisions",
                "ordering": ["number", "id"],
                "default_permissions": ("view", "change"),
            },
        ),
        migrations.CreateModel(
            name="Correction",
            fields=[
                (
                    "id",
                    models.BigAutoField(
                        auto_created=True, primary_key=True, serialize=False, verbose_name="ID"
                    ),
                ),
                (
                    "language",
                    models.CharField(
                        choices=[("fr", "Français"), ("en", "English")], max_length=2, verbose_name="language"
                    ),
                ),
                ("original", models.TextField(blank=True, verbose_name="text corrected")),
                ("proposed", models.TextField(blank=True, max_length=20000, verbose_name="text proposed")),
                ("comment", models.TextField(blank=True, max_length=2000, verbose_name="remark")),
                (
                    "state",
                    models.CharField(
                        choices=[
                            ("pending", "To be decided"),
                            ("accepted", "Accepted"),
                            ("rejected", "Rejected"),
                        ],
                        default="pending",
                        editable=False,
                        max_length=8,
                        verbose_name="state",
                    ),
                ),
                ("status_reason", models.TextField(blank=True, editable=False, verbose_name="reason")),
                (
                    "created_at",
                    models.DateTimeField(
                        db_default=django.db.models.functions.datetime.Now(),
                        editable=False,
                        verbose_name="written",
                    ),
                ),
                (
                    "author",
                    models.ForeignKey(
                        blank=True,
                        null=True,
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="minutes_corrections",
                        to=settings.AUTH_USER_MODEL,
                        verbose_name="author",
                    ),
                ),
                (
                    "organisation",
                    models.ForeignKey(
                        blank=True,
                        null=True,
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="+",
                        to="members.organisation",
                        verbose_name="organisation",
                    ),
                ),
                (
                    "invitation",
                    models.ForeignKey(
                        blank=True,
                        null=True,
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="minutes_corrections",
                        to="workshops.invitation",
                        verbose_name="guest",
                    ),
                ),
                (
                    "section",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="corrections",
                        to="workshops.minutessection",
                    ),
                ),
            ],
            options={
                "verbose_name": "correction of minutes",
                "verbose_name_plural": "corrections of minutes",
                "ordering": ["id"],
                "default_permissions": ("view", "change"),
            },
        ),
        migrations.CreateModel(
            name="PollOption",
            fields=[
                (
                    "id",
                    models.BigAutoField(
                        auto_created=True, primary_key=True, serialize=False, verbose_name="ID"
                    ),
                ),
                ("starts_at", models.DateTimeField(verbose_name="start")),
                ("ends_at", models.DateTimeField(verbose_name="end")),
                (
                    "poll",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.CASCADE,
                        related_name="options",
                        to="workshops.datepoll",
                    ),
                ),
            ],
            options={
                "verbose_name": "proposed date",
                "verbose_name_plural": "proposed dates",
                "ordering": ["starts_at", "ends_at", "venue__organisation__sort_name", "venue__name", "id"],
                "default_permissions": (),
            },
        ),
        migrations.AddField(
            model_name="datepoll",
            name="chosen",
            field=models.ForeignKey(
                editable=False,
                null=True,
                on_delete=django.db.models.deletion.SET_NULL,
                related_name="+",
                to="workshops.polloption",
                verbose_name="chosen date",
            ),
        ),
        migrations.CreateModel(
            name="PollReply",
            fields=[
                (
                    "id",
                    models.BigAutoField(
                        auto_created=True, primary_key=True, serialize=False, verbose_name="ID"
                    ),
                ),
                ("sent_at", models.DateTimeField(editable=False, verbose_name="sent")),
                ("answered_at", models.DateTimeField(editable=False, null=True, verbose_name="answered")),
                (
                    "source",
                    models.CharField(
                        blank=True,
                        choices=[
                            ("portal", "Portal"),
                            ("mail-link", "Link in the e-mail"),
                            ("secretariat", "Recorded by the secretariat"),
                        ],
                        editable=False,
                        max_length=12,
                        verbose_name="came by",
                    ),
                ),
                (
                    "comment",
                    models.CharField(blank=True, max_length=1000, verbose_name="message to the secretariat"),
                ),
                (
                    "invitation",
                    models.OneToOneField(
                        on_delete=django.db.models.deletion.CASCADE,
                        related_name="poll_reply",
                        to="workshops.invitation",
                        verbose_name="invitation",
                    ),
                ),
                (
                    "recorded_by",
                    models.ForeignKey(
                        editable=False,
                        null=True,
                        on_delete=django.db.models.deletion.SET_NULL,
                        related_name="+",
                        to=settings.AUTH_USER_MODEL,
                        verbose_name="recorded by",
                    ),
                ),
            ],
            options={
                "verbose_name": "reply to a date poll",
                "verbose_name_plural": "replies to date polls",
                "default_permissions": (),
            },
        ),
        migrations.CreateModel(
            name="PollAnswer",
            fields=[
                (
                    "id",
                    models.BigAutoField(
                        auto_created=True, primary_key=True, serialize=False, verbose_name="ID"
                    ),
                ),
                (
                    "choice",
                    models.CharField(
                        choices=[("yes", "Yes"), ("maybe", "Maybe"), ("no", "No")],
                        max_length=5,
                        verbose_name="answer",
                    ),
                ),
                (
                    "option",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.CASCADE,
                        related_name="answers",
                        to="workshops.polloption",
                        verbose_name="proposed date",
                    ),
                ),
                (
                    "reply",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.CASCADE,
                        related_name="answers",
                        to="workshops.pollreply",
                    ),
                ),
            ],
            options={
                "verbose_name": "answer to a date poll",
                "verbose_name_plural": "answers to date polls",
                "default_permissions": (),
            },
        ),
        migrations.CreateModel(
            name="PresenceLine",
            fields=[
                (
                    "id",
                    models.BigAutoField(
                        auto_created=True, primary_key=True, serialize=False, verbose_name="ID"
                    ),
                ),
                (
                    "standing",
                    models.CharField(
                        choices=[
                            ("present", "Present"),
                            ("represented", "Represented"),
                            ("excused", "Excused"),
                            ("absent", "Absent"),
                        ],
                        max_length=12,
                        verbose_name="list",
                    ),
                ),
                ("position", models.PositiveSmallIntegerField()),
                ("name", models.CharField(max_length=170, verbose_name="name")),
                (
                    "organisation_name",
                    models.CharField(blank=True, max_length=160, verbose_name="organisation"),
                ),
                ("note", models.CharField(blank=True, max_length=170, verbose_name="represented by")),
                (
                    "invitation",
                    models.ForeignKey(
                        null=True,
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="+",
                        to="workshops.invitation",
                    ),
                ),
                (
                    "minutes",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="presence_lines",
                        to="workshops.minutes",
                    ),
                ),
                (
                    "person",
                    models.ForeignKey(
                        null=True,
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="+",
                        to=settings.AUTH_USER_MODEL,
                    ),
                ),
            ],
            options={
                "verbose_name": "line of the lists",
                "verbose_name_plural": "lines of the lists",
                "ordering": ["position"],
                "default_permissions": (),
            },
        ),
        migrations.CreateModel(
            name="Venue",
            fields=[
                (
                    "id",
                    models.BigAutoField(
                        auto_created=True, primary_key=True, serialize=False, verbose_name="ID"
                    ),
                ),
                ("name", models.CharField(max_length=120, verbose_name="name")),
                ("address", models.CharField(blank=True, max_length=200, verbose_name="address")),
                (
                    "is_site",
                    models.BooleanField(
                        default=False,
                        help_text="While a workshop is held here, no other room of this host is free.",
                        verbose_name="the whole site",
                    ),
                ),
                (
                    "capacity",
                    models.PositiveSmallIntegerField(
                        blank=True,
                        null=True,
                        validators=[django.core.validators.MinValueValidator(1, "A capacity is at least 1.")],
                        verbose_name="capacity",
                    ),
                ),
                (
                    "access",
                    models.TextField(
                        blank=True,
                        help_text="Stop, entrance, building, floor. Shown to confirmed people only.",
                        max_length=1000,
                        verbose_name="access and transport",
                    ),
                ),
                ("parking", models.CharField(blank=True, max_length=300, verbose_name="parking")),
                (
                    "badge",
                    models.CharField(
                        blank=True,
                        help_text="What is asked at the entrance.",
                        max_length=300,
                        verbose_name="badge and identity",
                    ),
                ),
                (
                    "accessibility",
                    models.CharField(
                        blank=True,
                        help_text="Step-free way, lift, hearing loop, adapted toilets.",
                        max_length=300,
                        verbose_name="accessibility",
                    ),
                ),
                (
                    "contact_name",
                    models.CharField(blank=True, max_length=120, verbose_name="contact on the day"),
                ),
                (
                    "contact_phone",
                    models.CharField(blank=True, max_length=40, verbose_name="contact’s phone"),
                ),
                ("sheet_changed_at", models.DateTimeField(editable=False, null=True)),
                (
                    "commune",
                    models.ForeignKey(
                        blank=True,
                        null=True,
                        on_delete=django.db.models.deletion.PROTECT,
                        to="members.commune",
                        verbose_name="commune",
                    ),
                ),
                (
                    "organisation",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="venues",
                        to="members.organisation",
                        verbose_name="host organisation",
                    ),
                ),
            ],
            options={
                "verbose_name": "venue",
                "verbose_name_plural": "venues",
                "ordering": ["organisation__sort_name", "name"],
            },
        ),
        migrations.AddField(
            model_name="polloption",
            name="venue",
            field=models.ForeignKey(
                blank=True,
                null=True,
                on_delete=django.db.models.deletion.PROTECT,
                related_name="+",
                to="workshops.venue",
                verbose_name="venue",
            ),
        ),
        migrations.CreateModel(
            name="Workshop",
            fields=[
                (
                    "id",
                    models.BigAutoField(
                        auto_created=True, primary_key=True, serialize=False, verbose_name="ID"
                    ),
                ),
                ("slug", models.SlugField(max_length=100, unique=True, verbose_name="address on the site")),
                (
                    "kind",
                    models.CharField(
                        choices=[
                            ("session", "Council session"),
                            ("workshop-council", "Workshop-council"),
                            ("think-tank", "Think tank meeting"),
                            ("visit", "Company visit"),
                        ],
                        max_length=20,
                        verbose_name="kind",
                    ),
                ),
                (
                    "state",
                    models.CharField(
                        choices=[
                            ("draft", "Draft"),
                            ("date-poll", "Date poll"),
                            ("scheduled", "Scheduled"),
                            ("held", "Held"),
                            ("minutes-approved", "Minutes approved"),
                            ("cancelled", "Cancelled"),
                        ],
                        default="draft",
                        editable=False,
                        max_length=20,
                        verbose_name="state",
                    ),
                ),
                ("title_fr", models.CharField(max_length=160, verbose_name="title (French)")),
                ("title_en", models.CharField(max_length=160, verbose_name="title (English)")),
                ("objectives_fr", models.TextField(blank=True, verbose_name="objectives (French, Markdown)")),
                (
                    "objectives_en",
                    models.TextField(blank=True, verbose_name="objectives (English, Markdown)"),
                ),
                (
                    "occupies",
                    django.contrib.postgres.fields.ranges.BigIntegerRangeField(editable=False, null=True),
                ),
                (
                    "capacity",
                    models.PositiveSmallIntegerField(
                        blank=True,
                        help_text="Seats. Beyond them, people go on the waiting list. Blank: as many as come.",
                        null=True,
                        validators=[django.core.validators.MinValueValidator(1, "A capacity is at least 1.")],
                        verbose_name="capacity",
                    ),
                ),
                ("starts_at", models.DateTimeField(blank=True, null=True, verbose_name="start")),
                ("ends_at", models.DateTimeField(blank=True, null=True, verbose_name="end")),
                (
                    "answer_by",
                    models.DateTimeField(
                        blank=True,
                        help_text="Blank: until the workshop starts.",
                        null=True,
                        verbose_name="answer by",
                    ),
                ),
                ("is_public", models.BooleanField(default=True, verbose_name="in the public agenda")),
                (
                    "is_demo",
                    models.BooleanField(
                        default=False,
                        help_text="The exact dates are not known; the page says so.",
                        verbose_name="demonstration dates",
                    ),
                ),
                ("outcome_fr", models.TextField(blank=True, verbose_name="outcome (French, Markdown)")),
                ("outcome_en", models.TextField(blank=True, verbose_name="outcome (English, Markdown)")),
                ("uid", models.CharField(editable=False, max_length=80, unique=True)),
                ("sequence", models.PositiveIntegerField(default=0, editable=False)),
                (
                    "invited_at",
                    models.DateTimeField(editable=False, null=True, verbose_name="invitations sent"),
                ),
                (
                    "cancelled_reason",
                    models.TextField(blank=True, editable=False, verbose_name="reason of the cancellation"),
                ),
                ("moved_at", models.DateTimeField(editable=False, null=True)),
                ("moves", models.PositiveSmallIntegerField(default=0, editable=False)),
                ("updated_at", models.DateTimeField(auto_now=True, verbose_name="last change")),
                (
                    "axis",
                    models.ForeignKey(
                        blank=True,
                        null=True,
                        on_delete=django.db.models.deletion.PROTECT,
                        to="members.axis",
                        verbose_name="strategic axis",
                    ),
                ),
                (
                    "organiser",
                    models.ForeignKey(
                        blank=True,
                        null=True,
                        on_delete=django.db.models.deletion.SET_NULL,
                        to=settings.AUTH_USER_MODEL,
                        verbose_name="organiser",
                    ),
                ),
                (
                    "series",
                    models.ForeignKey(
                        blank=True,
                        null=True,
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="workshops",
                        to="workshops.series",
                        verbose_name="series",
                    ),
                ),
                (
                    "venue",
                    models.ForeignKey(
                        blank=True,
                        null=True,
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="workshops",
                        to="workshops.venue",
                        verbose_name="venue",
                    ),
                ),
            ],
            options={
                "verbose_name": "workshop",
                "verbose_name_plural": "workshops",
                "ordering": ["-starts_at", "-id"],
            },
        ),
        migrations.AddField(
            model_name="minutes",
            name="workshop",
            field=models.OneToOneField(
                on_delete=django.db.models.deletion.PROTECT,
                related_name="minutes",
                to="workshops.workshop",
                verbose_name="workshop",
            ),
        ),
        migrations.AddField(
            model_name="invitation",
            name="workshop",
            field=models.ForeignKey(
                on_delete=django.db.models.deletion.PROTECT,
                related_name="invitations",
                to="workshops.workshop",
            ),
        ),
        migrations.CreateModel(
            name="Door",
            fields=[
                (
                    "id",
                    models.BigAutoField(
                        auto_created=True, primary_key=True, serialize=False, verbose_name="ID"
                    ),
                ),
                (
                    "code",
                    models.CharField(
                        default=workshops.attendance.models.new_code, max_length=12, verbose_name="code"
                    ),
                ),
                (
                    "workshop",
                    models.OneToOneField(
                        on_delete=django.db.models.deletion.CASCADE,
                        related_name="door",
                        to="workshops.workshop",
                    ),
                ),
            ],
            options={
                "verbose_name": "code at the door",
                "verbose_name_plural": "codes at the door",
                "default_permissions": (),
            },
        ),
        migrations.CreateModel(
            name="Document",
            fields=[
                (
                    "id",
                    models.BigAutoField(
                        auto_created=True, primary_key=True, serialize=False, verbose_name="ID"
                    ),
                ),
                ("title_fr", models.CharField(max_length=200, verbose_name="title (French)")),
                ("title_en", models.CharField(blank=True, max_length=200, verbose_name="title (English)")),
                (
                    "audience",
                    models.CharField(
                        choices=[("invited", "Invited people"), ("public", "Everybody")],
                        default="invited",
                        max_length=10,
                        verbose_name="for",
                    ),
                ),
                (
                    "file",
                    models.FileField(
                        max_length=200, upload_to=workshops.models.documents.random_place, verbose_name="file"
                    ),
                ),
                ("name", models.CharField(editable=False, max_length=150, verbose_name="file name")),
                ("content_type", models.CharField(editable=False, max_length=100)),
                ("size", models.PositiveIntegerField(editable=False)),
                ("position", models.PositiveSmallIntegerField(default=1, verbose_name="rank")),
                (
                    "added_at",
                    models.DateTimeField(
                        db_default=django.db.models.functions.datetime.Now(),
                        editable=False,
                        verbose_name="added",
                    ),
                ),
                (
                    "workshop",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.CASCADE,
                        related_name="documents",
                        to="workshops.workshop",
                    ),
                ),
            ],
            options={
                "verbose_name": "document",
                "verbose_name_plural": "documents",
                "ordering": ["position", "id"],
            },
        ),
        migrations.AddField(
            model_name="datepoll",
            name="workshop",
            field=models.OneToOneField(
                on_delete=django.db.models.deletion.CASCADE,
                related_name="poll",
                to="workshops.workshop",
                verbose_name="workshop",
            ),
        ),
        migrations.CreateModel(
            name="Attendance",
            fields=[
                (
                    "id",
                    models.BigAutoField(
                        auto_created=True, primary_key=True, serialize=False, verbose_name="ID"
                    ),
                ),
                ("name", models.CharField(max_length=170, verbose_name="name")),
                ("arrived_at", models.DateTimeField(verbose_name="arrived")),
                (
                    "source",
                    models.CharField(
                        choices=[
                            ("code", "Code at the door"),
                            ("secretariat", "Recorded by the secretariat"),
                        ],
                        max_length=12,
                        verbose_name="recorded",
                    ),
                ),
                ("key", models.UUIDField(default=uuid.uuid4, editable=False, unique=True)),
                ("cancelled_at", models.DateTimeField(blank=True, null=True, verbose_name="taken back")),
                (
                    "organisation",
                    models.ForeignKey(
                        blank=True,
                        null=True,
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="+",
                        to="members.organisation",
                        verbose_name="organisation",
                    ),
                ),
                (
                    "person",
                    models.ForeignKey(
                        blank=True,
                        null=True,
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="+",
                        to=settings.AUTH_USER_MODEL,
                    ),
                ),
                (
                    "recorded_by",
                    models.ForeignKey(
                        blank=True,
                        null=True,
                        on_delete=django.db.models.deletion.SET_NULL,
                        related_name="+",
                        to=settings.AUTH_USER_MODEL,
                        verbose_name="recorded by",
                    ),
                ),
                (
                    "invitation",
                    models.ForeignKey(
                        blank=True,
                        null=True,
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="attendances",
                        to="workshops.invitation",
                    ),
                ),
                (
                    "workshop",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="attendances",
                        to="workshops.workshop",
                    ),
                ),
            ],
            options={
                "verbose_name": "attendance",
                "verbose_name_plural": "attendances",
                "ordering": ["arrived_at", "id"],
                "default_permissions": ("view",),
            },
        ),
        migrations.CreateModel(
            name="AgendaItem",
            fields=[
                (
                    "id",
                    models.BigAutoField(
                        auto_created=True, primary_key=True, serialize=False, verbose_name="ID"
                    ),
                ),
                ("position", models.PositiveSmallIntegerField(default=1, verbose_name="rank")),
                ("title_fr", models.CharField(max_length=200, verbose_name="title (French)")),
                ("title_en", models.CharField(blank=True, max_length=200, verbose_name="title (English)")),
                ("minutes", models.PositiveSmallIntegerField(blank=True, null=True, verbose_name="minutes")),
                (
                    "workshop",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.CASCADE,
                        related_name="agenda",
                        to="workshops.workshop",
                    ),
                ),
            ],
            options={
                "verbose_name": "agenda item",
                "verbose_name_plural": "agenda items",
                "ordering": ["position", "id"],
            },
        ),
        migrations.CreateModel(
            name="CalendarReply",
            fields=[
                (
                    "id",
                    models.BigAutoField(
                        auto_created=True, primary_key=True, serialize=False, verbose_name="ID"
                    ),
                ),
                ("digest", models.CharField(max_length=64, unique=True)),
                (
                    "received_at",
                    models.DateTimeField(
                        db_default=django.db.models.functions.datetime.Now(), verbose_name="received"
                    ),
                ),
                ("raw", models.BinaryField(null=True)),
                ("is_cut", models.BooleanField(default=False)),
                (
                    "state",
                    models.CharField(
                        choices=[
                            ("received", "received"),
                            ("quarantined", "to be decided"),
                            ("noted", "perhaps: to be followed"),
                            ("applied", "taken as an answer"),
                            ("ignored", "without effect"),
                            ("discarded", "set aside"),
                        ],
                        default="received",
                        max_length=12,
                        verbose_name="state",
                    ),
                ),
                (
                    "cause",
                    models.CharField(
                        blank=True,
                        choices=[
                            ("unreadable", "The message cannot be read."),
                            ("too-large", "The message is too large: only its beginning was kept."),
                            (
                                "report",
                                "A message of this mailbox was not delivered, or its reading is reported.",
                            ),
                            ("no-calendar", "A mail without a calendar’s answer."),
                            ("broken-calendar", "The calendar part cannot be read."),
                            ("several", "Several answers in one message."),
                            (
                                "method",
                                "The calendar asks something else than to answer (another time, for instance).",
                            ),
                            ("occurrence", "The answer is about one date of a series."),
                            ("unknown-meeting", "No workshop has this calendar identifier."),
                            (
                                "no-tag",
                                "The message came without the invitation’s own address: anybody may have written it.",
                            ),
                            ("wrong-tag", "The message came to another invitation’s address."),
                            ("other-attendee", "Somebody else than the person invited answers."),
                            ("delegated", "The invitation was passed on to somebody else."),
                            ("partstat", "The answer is neither yes, no nor perhaps."),
                            ("sequence", "It answers a version of the invitation that was never sent."),
                            ("refused", "The portal no longer takes this answer."),
                            ("failed", "The portal failed to handle it."),
                            ("tentative", "“Perhaps” is no answer."),
                            (
                                "repeated",
                                "This answer, or a newer one of the same calendar, was already taken.",
                            ),
                            ("old-dates", "It answers former dates: the person is asked again."),
                            ("moot", "The invitation no longer stands."),
                        ],
                        max_length=20,
                        verbose_name="why",
                    ),
                ),
                ("detail", models.CharField(blank=True, max_length=300, verbose_name="in detail")),
                ("sender", models.CharField(blank=True, max_length=320, verbose_name="sender")),
                ("sender_name", models.CharField(blank=True, max_length=170, verbose_name="sender’s name")),
                ("subject", models.CharField(blank=True, max_length=300, verbose_name="subject")),
                ("text", models.TextField(blank=True, verbose_name="text")),
                ("is_automatic", models.BooleanField(default=False, verbose_name="automatic")),
                ("method", models.CharField(blank=True, max_length=20, verbose_name="method")),
                ("uid", models.CharField(blank=True, max_length=255, verbose_name="calendar identifier")),
                ("sequence", models.PositiveIntegerField(null=True, verbose_name="sequence")),
                ("dtstamp", models.DateTimeField(null=True, verbose_name="written by the calendar")),
                ("attendee", models.CharField(blank=True, max_length=320, verbose_name="who answers")),
                ("partstat", models.CharField(blank=True, max_length=20, verbose_name="answer")),
                (
                    "comment",
                    models.TextField(blank=True, max_length=1000, verbose_name="message to the secretariat"),
                ),
                (
                    "person",
                    models.ForeignKey(
                        null=True,
                        on_delete=django.db.models.deletion.SET_NULL,
                        related_name="+",
                        to=settings.AUTH_USER_MODEL,
                        verbose_name="person",
                    ),
                ),
                (
                    "invitation",
                    models.ForeignKey(
                        null=True,
                        on_delete=django.db.models.deletion.SET_NULL,
                        related_name="replies",
                        to="workshops.invitation",
                        verbose_name="invitation",
                    ),
                ),
            ],
            options={
                "verbose_name": "calendar reply",
                "verbose_name_plural": "calendar replies",
                "default_permissions": ("view",),
                "indexes": [
                    models.Index(
                        condition=models.Q(("state", "received")),
                        fields=["id"],
                        name="calendarreply_received",
                    ),
                    models.Index(fields=["received_at"], name="calendarreply_age"),
                ],
                "constraints": [
                    models.CheckConstraint(
                        condition=models.Q(
                            ("state__in", ("received", "quarantined", "noted")),
                            ("raw", None),
                            _connector="OR",
                        ),
                        name="calendarreply_decided_without_bytes",
                    ),
                    models.CheckConstraint(
                        condition=models.Q(
                            models.Q(("state__in", ("quarantined", "noted", "ignored")), _negated=True),
                            models.Q(("cause", ""), _negated=True),
                            _connector="OR",
                        ),
                        name="calendarreply_has_cause",
                    ),
                ],
            },
        ),
        migrations.CreateModel(
            name="MinutesFile",
            fields=[
                (
                    "id",
                    models.BigAutoField(
                        auto_created=True, primary_key=True, serialize=False, verbose_name="ID"
                    ),
                ),
                ("language", models.CharField(choices=[("fr", "Français"), ("en", "English")], max_length=2)),
                (
                    "audience",
                    models.CharField(
                        choices=[("invited", "Invited people"), ("public", "Everybody")], max_length=10
                    ),
                ),
                ("content", models.BinaryField()),
                ("sha256", models.CharField(max_length=64)),
                (
                    "minutes",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="files",
                        to="workshops.minutes",
                    ),
                ),
            ],
            options={
                "verbose_name": "PDF of the minutes",
                "verbose_name_plural": "PDF of the minutes",
                "default_permissions": (),
                "constraints": [
                    models.UniqueConstraint(
                        fields=("minutes", "language", "audience"), name="minutes_file_once"
                    )
                ],
            },
        ),
        migrations.AddConstraint(
            model_name="minutessection",
            constraint=models.UniqueConstraint(
                fields=("minutes", "position"), name="minutes_section_position"
            ),
        ),
        migrations.AddConstraint(
            model_name="minutessection",
            constraint=models.CheckConstraint(
                condition=models.Q(("title_fr", ""), _negated=True), name="minutes_section_titled"
            ),
        ),
        migrations.AddIndex(
            model_name="decision",
            index=models.Index(fields=["state", "due_on"], name="decision_due"),
        ),
        migrations.AddConstraint(
            model_name="decision",
            constraint=models.UniqueConstraint(fields=("minutes", "number"), name="decision_number_unique"),
        ),
        migrations.AddConstraint(
            model_name="decision",
            constraint=models.CheckConstraint(
                condition=models.Q(("text_fr", ""), _negated=True), name="decision_has_text"
            ),
        ),
        migrations.AddConstraint(
            model_name="decision",
            constraint=models.CheckConstraint(
                condition=models.Q(
                    models.Q(("closed_at", None), ("state", "open")),
                    models.Q(models.Q(("state", "open"), _negated=True), ("closed_at__isnull", False)),
                    _connector="OR",
                ),
                name="decision_closed_dated",
            ),
        ),
        migrations.AddConstraint(
            model_name="decision",
            constraint=models.CheckConstraint(
                condition=models.Q(("state__in", ["open", "done", "dropped"])), name="decision_state_known"
            ),
        ),
        migrations.AddConstraint(
            model_name="correction",
            constraint=models.CheckConstraint(
                condition=models.Q(
                    models.Q(
                        models.Q(("proposed", ""), _negated=True),
                        models.Q(("proposed", models.F("original")), _negated=True),
                    ),
                    models.Q(("comment", ""), _negated=True),
                    _connector="OR",
                ),
                name="correction_says_something",
            ),
        ),
        migrations.AddConstraint(
            model_name="correction",
            constraint=models.CheckConstraint(
                condition=models.Q(
                    models.Q(("author__isnull", False), ("invitation", None)),
                    models.Q(("author", None), ("invitation__isnull", False)),
                    _connector="OR",
                ),
                name="correction_of_one_author",
            ),
        ),
        migrations.AddConstraint(
            model_name="correction",
            constraint=models.CheckConstraint(
                condition=models.Q(
                    models.Q(("state", "rejected"), _negated=True),
                    models.Q(("status_reason", ""), _negated=True),
                    _connector="OR",
                ),
                name="correction_refusal_reasoned",
            ),
        ),
        migrations.AddConstraint(
            model_name="correction",
            constraint=models.CheckConstraint(
                condition=models.Q(
                    ("language__in", ["fr", "en"]), ("state__in", ["pending", "accepted", "rejected"])
                ),
                name="correction_state_known",
            ),
        ),
        migrations.AddConstraint(
            model_name="pollreply",
            constraint=models.CheckConstraint(
                condition=models.Q(
                    models.Q(("answered_at", None), ("comment", ""), ("recorded_by", None), ("source", "")),
                    models.Q(("answered_at__isnull", False), models.Q(("source", ""), _negated=True)),
                    _connector="OR",
                ),
                name="pollreply_answer_has_source",
            ),
        ),
        migrations.AddConstraint(
            model_name="pollanswer",
            constraint=models.UniqueConstraint(fields=("reply", "option"), name="pollanswer_once"),
        ),
        migrations.AddConstraint(
            model_name="pollanswer",
            constraint=models.CheckConstraint(
                condition=models.Q(("choice__in", ["yes", "maybe", "no"])), name="pollanswer_choice_known"
            ),
        ),
        migrations.AddConstraint(
            model_name="presenceline",
            constraint=models.UniqueConstraint(fields=("minutes", "position"), name="presence_line_position"),
        ),
        migrations.AddConstraint(
            model_name="venue",
            constraint=models.UniqueConstraint(fields=("organisation", "name"), name="venue_unique"),
        ),
        migrations.AddConstraint(
            model_name="venue",
            constraint=models.CheckConstraint(
                condition=models.Q(("capacity", None), ("capacity__gt", 0), _connector="OR"),
                name="venue_capacity_positive",
                violation_error_message="A capacity is at least 1.",
            ),
        ),
        migrations.AddConstraint(
            model_name="polloption",
            constraint=models.CheckConstraint(
                condition=models.Q(("ends_at__gt", models.F("starts_at"))),
                name="polloption_ends_after_start",
                violation_error_message="The workshop must end after it starts.",
            ),
        ),
        migrations.AddConstraint(
            model_name="polloption",
            constraint=models.UniqueConstraint(
                models.F("poll"),
                models.F("starts_at"),
                models.F("ends_at"),
                django.db.models.functions.comparison.Coalesce("venue_id", models.Value(0)),
                name="polloption_once",
                violation_error_message="This slot is there twice.",
            ),
        ),
        migrations.AddIndex(
            model_name="workshop",
            index=models.Index(fields=["state", "starts_at"], name="workshop_state_start"),
        ),
        migrations.AddConstraint(
            model_name="workshop",
            constraint=models.CheckConstraint(
                condition=models.Q(
                    models.Q(
                        ("ends_at__gt", models.F("starts_at")),
                        ("ends_at__isnull", False),
                        ("starts_at__isnull", False),
                    ),
                    models.Q(("ends_at", None), ("starts_at", None)),
                    _connector="OR",
                ),
                name="workshop_ends_after_start",
                violation_error_message="The workshop must end after it starts.",
            ),
        ),
        migrations.AddConstraint(
            model_name="workshop",
            constraint=models.CheckConstraint(
                condition=models.Q(
                    models.Q(("ends_at__isnull", False), ("starts_at__isnull", False)),
                    ("state__in", ["draft", "date-poll", "cancelled"]),
                    _connector="OR",
                ),
                name="workshop_scheduled_has_dates",
                violation_error_message="A scheduled workshop has a start and an end.",
            ),
        ),
        migrations.AddConstraint(
            model_name="workshop",
            constraint=models.CheckConstraint(
                condition=models.Q(
                    ("answer_by", None),
                    ("starts_at", None),
                    ("answer_by__lte", models.F("starts_at")),
                    _connector="OR",
                ),
                name="workshop_answer_before_start",
                violation_error_message="The deadline to answer must be before the start.",
            ),
        ),
        migrations.AddConstraint(
            model_name="workshop",
            constraint=models.CheckConstraint(
                condition=models.Q(("capacity", None), ("capacity__gt", 0), _connector="OR"),
                name="workshop_capacity_positive",
                violation_error_message="A capacity is at least 1.",
            ),
        ),
        migrations.AddConstraint(
            model_name="workshop",
            constraint=models.CheckConstraint(
                condition=models.Q(
                    ("kind__in", ["session", "workshop-council", "think-tank", "visit"]),
                    (
                        "state__in",
                        ["draft", "date-poll", "scheduled", "held", "minutes-approved", "cancelled"],
                    ),
                ),
                name="workshop_kind_and_state_known",
            ),
        ),
        migrations.AddConstraint(
            model_name="workshop",
            constraint=django.contrib.postgres.constraints.ExclusionConstraint(
                condition=models.Q(
                    ("state__in", ("scheduled", "held", "minutes-approved")), ("venue__isnull", False)
                ),
                expressions=[
                    ("occupies", "&&"),
                    (workshops.models.workshops.TstzRange("starts_at", "ends_at"), "&&"),
                ],
                name="workshop_venue_free",
                violation_error_message="Another workshop holds this venue at that time.",
            ),
        ),
        migrations.AddConstraint(
            model_name="minutes",
            constraint=models.CheckConstraint(
                condition=models.Q(
                    ("state", "draft"),
                    models.Q(
                        ("circulated_at__isnull", False),
                        ("corrections_close_at__isnull", False),
                        models.Q(("chair", ""), _negated=True),
                        models.Q(("secretary", ""), _negated=True),
                    ),
                    _connector="OR",
                ),
                name="minutes_circulated_complete",
            ),
        ),
        migrations.AddConstraint(
            model_name="minutes",
            constraint=models.CheckConstraint(
                condition=models.Q(
                    models.Q(
                        ("approved_at__isnull", False),
                        ("state", "approved"),
                        ("text_sha256__regex", "^[0-9a-f]{64}$"),
                    ),
                    models.Q(
                        models.Q(("state", "approved"), _negated=True),
                        ("approved_at", None),
                        ("text_sha256", ""),
                    ),
                    _connector="OR",
                ),
                name="minutes_approved_hashed",
            ),
        ),
        migrations.AddConstraint(
            model_name="minutes",
            constraint=models.CheckConstraint(
                condition=models.Q(
                    ("state", "draft"),
                    models.Q(
                        ("corrections_close_at__gt", models.F("circulated_at")),
                        ("state__in", ("corrections", "approved")),
                    ),
                    _connector="OR",
                ),
                name="minutes_corrections_take_time",
            ),
        ),
        migrations.AddConstraint(
            model_name="invitation",
            constraint=models.UniqueConstraint(
                models.F("workshop"),
                django.db.models.functions.text.Lower("email"),
                name="invitation_once",
                violation_error_message="This address is already invited.",
            ),
        ),
        migrations.AddConstraint(
            model_name="invitation",
            constraint=models.CheckConstraint(
                condition=models.Q(
                    models.Q(("answer", "silent"), ("answered_at", None)),
                    models.Q(models.Q(("answer", "silent"), _negated=True), ("answered_at__isnull", False)),
                    _connector="OR",
                ),
                name="invitation_answer_dated",
            ),
        ),
        migrations.AddConstraint(
            model_name="invitation",
            constraint=models.CheckConstraint(
                condition=models.Q(
                    models.Q(("answer", "waiting"), ("waiting_since__isnull", False)),
                    models.Q(models.Q(("answer", "waiting"), _negated=True), ("waiting_since", None)),
                    _connector="OR",
                ),
                name="invitation_waiting_since",
            ),
        ),
        migrations.AddConstraint(
            model_name="invitation",
            constraint=models.CheckConstraint(
                condition=models.Q(
                    ("answer", "represented"),
                    models.Q(("answer", "waiting"), ("proxy_organisation", None), ("representative", None)),
                    models.Q(("proxy_organisation", None), ("representative", None), ("represented_by", "")),
                    _connector="OR",
                ),
                name="invitation_represented_only",
            ),
        ),
        migrations.AddConstraint(
            model_name="invitation",
            constraint=models.CheckConstraint(
                condition=models.Q(
                    models.Q(("answer", "represented"), _negated=True),
                    models.Q(("represented_by", ""), _negated=True),
                    models.Q(("proxy_organisation", None), _negated=True),
                    _connector="OR",
                ),
                name="invitation_represented_by_somebody",
                violation_error_message="Say who represents you.",
            ),
        ),
        migrations.AddConstraint(
            model_name="invitation",
            constraint=models.CheckConstraint(
                condition=models.Q(
                    ("is_stand_in", False),
                    models.Q(
                        models.Q(("answer", "represented"), _negated=True),
                        ("representative", None),
                        ("represented_by", ""),
                    ),
                    _connector="OR",
                ),
                name="invitation_stand_in_comes_alone",
            ),
        ),
        migrations.AddConstraint(
            model_name="invitation",
            constraint=models.CheckConstraint(
                condition=models.Q(("answer__in", ["silent", "yes", "excused", "represented", "waiting"])),
                name="invitation_answer_known",
            ),
        ),
        migrations.AddConstraint(
            model_name="invitation",
            constraint=models.CheckConstraint(
                condition=models.Q(
                    ("proxy_organisation", None),
                    models.Q(("representative", None), ("represented_by", "")),
                    _connector="OR",
                ),
                name="invitation_one_representation",
            ),
        ),
        migrations.AddConstraint(
            model_name="invitation",
            constraint=models.CheckConstraint(
                condition=models.Q(
                    ("proxy_organisation", None),
                    models.Q(("proxy_organisation", models.F("organisation")), _negated=True),
                    _connector="OR",
                ),
                name="invitation_proxy_to_another",
                violation_error_message="A proxy is given to another organisation.",
            ),
        ),
        migrations.AddConstraint(
            model_name="invitation",
            constraint=models.UniqueConstraint(
                condition=models.Q(("proxy_organisation__isnull", False), ("withdrawn_at", None)),
                fields=("workshop", "proxy_organisation"),
                name="invitation_one_proxy_held",
                violation_error_message="This organisation already holds a proxy for this meeting.",
            ),
        ),
        migrations.AddConstraint(
            model_name="door",
            constraint=models.CheckConstraint(
                condition=models.Q(("code__regex", "^[ABCDEFGHJKMNPQRSTUVWXYZ23456789]{6,12}$")),
                name="door_code_readable",
            ),
        ),
        migrations.AddConstraint(
            model_name="document",
            constraint=models.CheckConstraint(
                condition=models.Q(
                    models.Q(("name", ""), _negated=True),
                    models.Q(("content_type", ""), _negated=True),
                    ("size__gt", 0),
                ),
                name="document_described",
            ),
        ),
        migrations.AddConstraint(
            model_name="document",
            constraint=models.CheckConstraint(
                condition=models.Q(("audience__in", ["invited", "public"])), name="document_audience_known"
            ),
        ),
        migrations.AddConstraint(
            model_name="attendance",
            constraint=models.UniqueConstraint(
                condition=models.Q(("cancelled_at", None), ("invitation__isnull", False)),
                fields=("invitation",),
                name="attendance_once",
            ),
        ),
        migrations.AddConstraint(
            model_name="attendance",
            constraint=models.CheckConstraint(
                condition=models.Q(
                    models.Q(("name", ""), _negated=True), ("source__in", ["code", "secretariat"])
                ),
                name="attendance_named",
            ),
        ),
        triggers.publishes("workshops_workshop", "workshops_agendaitem", "workshops_venue"),
        workshop_triggers.occupation(),
        *seat_triggers.operations(),
        triggers.publishes("workshops_document"),
        triggers.publishes("workshops_series"),
        triggers.publishes("workshops_minutes", "workshops_decision", "workshops_minutesfile"),
        minutes_triggers.approved_minutes_never_change(),
        workshop_triggers.belonging(),
    ]
