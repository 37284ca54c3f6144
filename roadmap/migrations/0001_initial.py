import uuid

import django.core.validators
import django.db.models.constraints
import django.db.models.deletion
import django.db.models.functions.datetime
from django.conf import settings
from django.db import migrations, models

from core import triggers
from roadmap.approval import triggers as approval_triggers
from roadmap.drafting import triggers as drafting_triggers


class Migration(migrations.Migration):
    initial = True

    dependencies = [
        ("core", "0001_initial"),
        ("members", "0002_publication_triggers"),
        ("workshops", "0001_initial"),
        migrations.swappable_dependency(settings.AUTH_USER_MODEL),
    ]

    operations = [
        migrations.CreateModel(
            name="Action",
            fields=[
                (
                    "id",
                    models.BigAutoField(
                        auto_created=True, primary_key=True, serialize=False, verbose_name="ID"
                    ),
                ),
                ("number", models.PositiveSmallIntegerField(unique=True, verbose_name="number")),
                ("slug", models.SlugField(max_length=100, unique=True, verbose_name="address on the site")),
                ("title_fr", models.CharField(max_length=160, verbose_name="title (French)")),
                ("title_en", models.CharField(max_length=160, verbose_name="title (English)")),
                (
                    "theme",
                    models.CharField(
                        choices=[
                            ("innover", "Innovate"),
                            ("attirer", "Attract"),
                            ("recruter", "Recruit"),
                            ("simplifier", "Simplify"),
                        ],
                        max_length=10,
                        verbose_name="theme",
                    ),
                ),
                (
                    "status",
                    models.CharField(
                        choices=[
                            ("proposed", "Proposed"),
                            ("planned", "Planned"),
                            ("under-way", "Under way"),
                            ("done", "Done"),
                            ("paused", "Paused"),
                            ("blocked", "Blocked"),
                            ("late", "Late"),
                            ("abandoned", "Abandoned"),
                        ],
                        default="proposed",
                        editable=False,
                        max_length=10,
                        verbose_name="status",
                    ),
                ),
                ("summary_fr", models.CharField(blank=True, max_length=300, verbose_name="summary (French)")),
                (
                    "summary_en",
                    models.CharField(blank=True, max_length=300, verbose_name="summary (English)"),
                ),
                (
                    "description_fr",
                    models.TextField(blank=True, verbose_name="description (French, Markdown)"),
                ),
                (
                    "description_en",
                    models.TextField(blank=True, verbose_name="description (English, Markdown)"),
                ),
                ("firm_commitment", models.BooleanField(default=False, verbose_name="firm commitment")),
                ("is_public", models.BooleanField(default=True, verbose_name="public")),
                ("is_demo", models.BooleanField(default=False, verbose_name="demonstration data")),
                ("updated_at", models.DateTimeField(auto_now=True, verbose_name="updated")),
                (
                    "axis",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="actions",
                        to="members.axis",
                        verbose_name="strategic axis",
                    ),
                ),
                (
                    "lead",
                    models.ForeignKey(
                        blank=True,
                        null=True,
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="led_actions",
                        to="members.organisation",
                        verbose_name="lead organisation",
                    ),
                ),
                (
                    "partners",
                    models.ManyToManyField(
                        blank=True,
                        related_name="partner_actions",
                        to="members.organisation",
                        verbose_name="partners",
                    ),
                ),
                (
                    "pilot",
                    models.ForeignKey(
                        blank=True,
                        null=True,
                        on_delete=django.db.models.deletion.SET_NULL,
                        related_name="piloted_actions",
                        to=settings.AUTH_USER_MODEL,
                        verbose_name="pilot",
                    ),
                ),
            ],
            options={
                "verbose_name": "flagship action",
                "verbose_name_plural": "flagship actions",
                "ordering": ["number"],
            },
        ),
        migrations.CreateModel(
            name="ActionTask",
            fields=[
                (
                    "id",
                    models.BigAutoField(
                        auto_created=True, primary_key=True, serialize=False, verbose_name="ID"
                    ),
                ),
                ("title", models.CharField(max_length=300, verbose_name="task")),
                ("due_on", models.DateField(blank=True, null=True, verbose_name="due")),
                ("done_at", models.DateTimeField(blank=True, null=True, verbose_name="done")),
                (
                    "action",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.CASCADE, related_name="tasks", to="roadmap.action"
                    ),
                ),
                (
                    "decision",
                    models.ForeignKey(
                        blank=True,
                        null=True,
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="action_tasks",
                        to="workshops.decision",
                        verbose_name="decision",
                    ),
                ),
                (
                    "done_by",
                    models.ForeignKey(
                        blank=True,
                        editable=False,
                        null=True,
                        on_delete=django.db.models.deletion.SET_NULL,
                        related_name="+",
                        to=settings.AUTH_USER_MODEL,
                        verbose_name="marked as done by",
                    ),
                ),
                (
                    "owner",
                    models.ForeignKey(
                        blank=True,
                        null=True,
                        on_delete=django.db.models.deletion.SET_NULL,
                        related_name="action_tasks",
                        to=settings.AUTH_USER_MODEL,
                        verbose_name="owner",
                    ),
                ),
            ],
            options={
                "verbose_name": "task of an action",
                "verbose_name_plural": "tasks of actions",
                "ordering": ["due_on", "id"],
            },
        ),
        migrations.CreateModel(
            name="Block",
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
                        choices=[("axis", "Axis"), ("chapter", "Chapter"), ("paragraph", "Paragraph")],
                        max_length=10,
                        verbose_name="kind",
                    ),
                ),
                (
                    "position",
                    models.PositiveIntegerField(
                        help_text="Reading order in the whole version.", verbose_name="position"
                    ),
                ),
                (
                    "label",
                    models.CharField(
                        help_text="As printed: 1, 1.2, 1.2.3.",
                        max_length=20,
                        validators=[
                            django.core.validators.RegexValidator(
                                "^[1-9][0-9]{0,3}(\\.[1-9][0-9]{0,3}){0,2}$"
                            )
                        ],
                        verbose_name="number",
                    ),
                ),
                ("lineage", models.UUIDField(default=uuid.uuid4, editable=False)),
                ("title_fr", models.CharField(blank=True, max_length=200, verbose_name="title (French)")),
                ("title_en", models.CharField(blank=True, max_length=200, verbose_name="title (English)")),
                ("body_fr", models.TextField(blank=True, verbose_name="text (French, Markdown)")),
                ("body_en", models.TextField(blank=True, verbose_name="text (English, Markdown)")),
                (
                    "axis",
                    models.ForeignKey(
                        blank=True,
                        null=True,
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="blocks",
                        to="members.axis",
                        verbose_name="strategic axis",
                    ),
                ),
                (
                    "parent",
                    models.ForeignKey(
                        blank=True,
                        null=True,
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="children",
                        to="roadmap.block",
                    ),
                ),
            ],
            options={
                "verbose_name": "passage",
                "verbose_name_plural": "passages",
                "ordering": ["version", "position"],
            },
        ),
        migrations.CreateModel(
            name="ChangeRequest",
            fields=[
                (
                    "id",
                    models.BigAutoField(
                        auto_created=True, primary_key=True, serialize=False, verbose_name="ID"
                    ),
                ),
                ("text", models.TextField(max_length=2000, verbose_name="change asked")),
                (
                    "label",
                    models.CharField(
                        blank=True,
                        help_text="Its number in the working version (1, 1.2 or 1.2.3); blank: the whole text.",
                        max_length=20,
                        validators=[
                            django.core.validators.RegexValidator(
                                "^[1-9][0-9]{0,3}(\\.[1-9][0-9]{0,3}){0,2}$"
                            )
                        ],
                        verbose_name="passage",
                    ),
                ),
                (
                    "state",
                    models.CharField(
                        choices=[
                            ("open", "To be handled"),
                            ("taken", "Taken into the text"),
                            ("declined", "Declined"),
                        ],
                        default="open",
                        editable=False,
                        max_length=10,
                        verbose_name="state",
                    ),
                ),
                ("status_reason", models.TextField(blank=True, editable=False, verbose_name="reason")),
                (
                    "decision",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="change_requests",
                        to="workshops.decision",
                        verbose_name="decision",
                    ),
                ),
            ],
            options={
                "verbose_name": "change request",
                "verbose_name_plural": "change requests",
                "ordering": ["id"],
                "default_permissions": ("view", "change"),
            },
        ),
        migrations.CreateModel(
            name="Comment",
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
                            ("remark", "Remark"),
                            ("question", "Question"),
                            ("support", "Support"),
                            ("objection", "Objection"),
                        ],
                        default="remark",
                        max_length=10,
                        verbose_name="kind",
                    ),
                ),
                ("body", models.TextField(max_length=5000, verbose_name="comment")),
                (
                    "status",
                    models.CharField(
                        choices=[
                            ("open", "Open"),
                            ("accepted", "Accepted"),
                            ("partly-accepted", "Partly accepted"),
                            ("rejected", "Rejected"),
                            ("out-of-scope", "Out of scope"),
                        ],
                        default="open",
                        editable=False,
                        max_length=16,
                        verbose_name="status",
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
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="comments",
                        to=settings.AUTH_USER_MODEL,
                        verbose_name="author",
                    ),
                ),
                (
                    "block",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="comments",
                        to="roadmap.block",
                    ),
                ),
                (
                    "organisation",
                    models.ForeignKey(
                        blank=True,
                        help_text="Blank: the secretariat speaks.",
                        null=True,
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="comments",
                        to="members.organisation",
                        verbose_name="organisation",
                    ),
                ),
                (
                    "parent",
                    models.ForeignKey(
                        blank=True,
                        null=True,
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="replies",
                        to="roadmap.comment",
                    ),
                ),
            ],
            options={
                "verbose_name": "comment",
                "verbose_name_plural": "comments",
                "ordering": ["id"],
            },
        ),
        migrations.CreateModel(
            name="Milestone",
            fields=[
                (
                    "id",
                    models.BigAutoField(
                        auto_created=True, primary_key=True, serialize=False, verbose_name="ID"
                    ),
                ),
                ("title_fr", models.CharField(max_length=160, verbose_name="title (French)")),
                ("title_en", models.CharField(blank=True, max_length=160, verbose_name="title (English)")),
                ("due_on", models.DateField(verbose_name="due")),
                ("done_on", models.DateField(blank=True, null=True, verbose_name="done")),
                (
                    "action",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.CASCADE,
                        related_name="milestones",
                        to="roadmap.action",
                    ),
                ),
            ],
            options={
                "verbose_name": "milestone",
                "verbose_name_plural": "milestones",
                "ordering": ["due_on", "id"],
            },
        ),
        migrations.CreateModel(
            name="Version",
            fields=[
                (
                    "id",
                    models.BigAutoField(
                        auto_created=True, primary_key=True, serialize=False, verbose_name="ID"
                    ),
                ),
                ("number", models.PositiveSmallIntegerField(unique=True, verbose_name="number")),
                (
                    "status",
                    models.CharField(
                        choices=[
                            ("working", "Working version"),
                            ("consultation", "Draft submitted for opinion"),
                            ("vote", "Draft submitted to the vote"),
                            ("adopted", "Adopted version"),
                            ("not-adopted", "Not adopted"),
                        ],
                        default="working",
                        editable=False,
                        max_length=14,
                        verbose_name="status",
                    ),
                ),
                ("title_fr", models.CharField(max_length=160, verbose_name="title (French)")),
                ("title_en", models.CharField(max_length=160, verbose_name="title (English)")),
                (
                    "introduction_fr",
                    models.TextField(blank=True, verbose_name="introduction (French, Markdown)"),
                ),
                (
                    "introduction_en",
                    models.TextField(blank=True, verbose_name="introduction (English, Markdown)"),
                ),
                ("is_demo", models.BooleanField(default=False, verbose_name="demonstration text")),
                ("published_at", models.DateTimeField(editable=False, null=True, verbose_name="published")),
                ("adopted_on", models.DateField(editable=False, null=True, verbose_name="adopted")),
            ],
            options={
                "verbose_name": "version",
                "verbose_name_plural": "versions",
                "ordering": ["-number"],
                "constraints": [
                    models.CheckConstraint(
                        condition=models.Q(("number__gte", 1)), name="version_number_from_one"
                    ),
                    models.CheckConstraint(
                        condition=models.Q(
                            ("status", "working"), ("published_at__isnull", False), _connector="OR"
                        ),
                        name="version_published_dated",
                    ),
                    models.CheckConstraint(
                        condition=models.Q(
                            models.Q(("status", "adopted"), _negated=True),
                            ("adopted_on__isnull", False),
                            _connector="OR",
                        ),
                        name="version_adopted_dated",
                    ),
                ],
            },
        ),
        migrations.CreateModel(
            name="Consultation",
            fields=[
                (
                    "id",
                    models.BigAutoField(
                        auto_created=True, primary_key=True, serialize=False, verbose_name="ID"
                    ),
                ),
                ("opens_at", models.DateTimeField(verbose_name="opens")),
                ("closes_at", models.DateTimeField(verbose_name="closes")),
                (
                    "version",
                    models.OneToOneField(
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="consultation",
                        to="roadmap.version",
                        verbose_name="version",
                    ),
                ),
            ],
            options={
                "verbose_name": "consultation",
                "verbose_name_plural": "consultations",
                "ordering": ["-opens_at"],
            },
        ),
        migrations.AddField(
            model_name="block",
            name="version",
            field=models.ForeignKey(
                on_delete=django.db.models.deletion.PROTECT, related_name="blocks", to="roadmap.version"
            ),
        ),
        migrations.CreateModel(
            name="Approval",
            fields=[
                (
                    "id",
                    models.BigAutoField(
                        auto_created=True, primary_key=True, serialize=False, verbose_name="ID"
                    ),
                ),
                ("opens_at", models.DateTimeField(verbose_name="opens")),
                ("closes_at", models.DateTimeField(verbose_name="closes")),
                (
                    "text_sha256",
                    models.CharField(editable=False, max_length=64, verbose_name="SHA-256 of the text"),
                ),
                (
                    "electorate_size",
                    models.PositiveSmallIntegerField(editable=False, verbose_name="electorate"),
                ),
                ("closed_at", models.DateTimeField(editable=False, null=True, verbose_name="record written")),
                (
                    "outcome",
                    models.CharField(
                        blank=True,
                        choices=[
                            ("adopted", "Adopted"),
                            ("rejected", "Rejected"),
                            ("no-quorum", "Quorum not reached"),
                        ],
                        editable=False,
                        max_length=12,
                        verbose_name="outcome",
                    ),
                ),
                ("record", models.TextField(blank=True, editable=False, verbose_name="record")),
                (
                    "record_sha256",
                    models.CharField(
                        blank=True, editable=False, max_length=64, verbose_name="SHA-256 of the record"
                    ),
                ),
                (
                    "casting_organisation",
                    models.ForeignKey(
                        blank=True,
                        help_text="The organisation whose voice decides when for and against are equal; blank: a tie rejects.",
                        null=True,
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="+",
                        to="members.organisation",
                        verbose_name="casting vote",
                    ),
                ),
                (
                    "opened_by",
                    models.ForeignKey(
                        editable=False,
                        null=True,
                        on_delete=django.db.models.deletion.SET_NULL,
                        related_name="+",
                        to=settings.AUTH_USER_MODEL,
                    ),
                ),
                (
                    "version",
                    models.OneToOneField(
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="approval",
                        to="roadmap.version",
                        verbose_name="version",
                    ),
                ),
            ],
            options={
                "verbose_name": "approval",
                "verbose_name_plural": "approvals",
                "ordering": ["-opens_at"],
                "default_permissions": ("add", "view"),
            },
        ),
        migrations.CreateModel(
            name="Voter",
            fields=[
                (
                    "id",
                    models.BigAutoField(
                        auto_created=True, primary_key=True, serialize=False, verbose_name="ID"
                    ),
                ),
                ("organisation_name", models.CharField(max_length=160, verbose_name="organisation")),
                (
                    "approval",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="voters",
                        to="roadmap.approval",
                    ),
                ),
                (
                    "organisation",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="+",
                        to="members.organisation",
                    ),
                ),
            ],
            options={
                "verbose_name": "voter",
                "verbose_name_plural": "voters",
                "ordering": ["organisation_name"],
                "default_permissions": ("view",),
            },
        ),
        migrations.CreateModel(
            name="Ballot",
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
                        choices=[("pour", "For"), ("contre", "Against"), ("abstention", "Abstention")],
                        max_length=10,
                        verbose_name="choice",
                    ),
                ),
                ("explanation", models.TextField(blank=True, max_length=2000, verbose_name="explanation")),
                ("nonce", models.CharField(max_length=32)),
                ("cast_at", models.DateTimeField(verbose_name="cast")),
                ("text_sha256", models.CharField(max_length=64)),
                (
                    "cast_by",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="ballots",
                        to=settings.AUTH_USER_MODEL,
                        verbose_name="cast by",
                    ),
                ),
                (
                    "ledger_entry",
                    models.OneToOneField(
                        on_delete=django.db.models.deletion.PROTECT, related_name="+", to="core.ledgerentry"
                    ),
                ),
                (
                    "voter",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="ballots",
                        to="roadmap.voter",
                    ),
                ),
            ],
            options={
                "verbose_name": "ballot",
                "verbose_name_plural": "ballots",
                "ordering": ["id"],
                "default_permissions": ("view",),
            },
        ),
        migrations.AddIndex(
            model_name="action",
            index=models.Index(fields=["axis", "number"], name="action_axis"),
        ),
        migrations.AddConstraint(
            model_name="actiontask",
            constraint=models.CheckConstraint(
                condition=models.Q(("title", ""), _negated=True), name="action_task_titled"
            ),
        ),
        migrations.AddConstraint(
            model_name="actiontask",
            constraint=models.UniqueConstraint(
                condition=models.Q(("decision__isnull", False)),
                fields=("action", "decision"),
                name="action_task_once",
                violation_error_message="This decision is a task of this action already.",
            ),
        ),
        migrations.AddConstraint(
            model_name="changerequest",
            constraint=models.UniqueConstraint(
                fields=("decision", "label"),
                name="change_request_once",
                violation_error_message="This decision asks for a change of this passage already.",
            ),
        ),
        migrations.AddConstraint(
            model_name="changerequest",
            constraint=models.CheckConstraint(
                condition=models.Q(("text", ""), _negated=True), name="change_request_says_something"
            ),
        ),
        migrations.AddConstraint(
            model_name="changerequest",
            constraint=models.CheckConstraint(
                condition=models.Q(
                    ("state", "open"), models.Q(("status_reason", ""), _negated=True), _connector="OR"
                ),
                name="change_request_answered_with_reason",
            ),
        ),
        migrations.AddIndex(
            model_name="comment",
            index=models.Index(fields=["block", "parent", "id"], name="comment_thread"),
        ),
        migrations.AddConstraint(
            model_name="comment",
            constraint=models.CheckConstraint(
                condition=models.Q(("body__length__lte", 5000)), name="comment_not_too_long"
            ),
        ),
        migrations.AddConstraint(
            model_name="comment",
            constraint=models.CheckConstraint(
                condition=models.Q(("body", ""), _negated=True), name="comment_not_empty"
            ),
        ),
        migrations.AddConstraint(
            model_name="comment",
            constraint=models.CheckConstraint(
                condition=models.Q(
                    ("status", "open"), models.Q(("status_reason", ""), _negated=True), _connector="OR"
                ),
                name="comment_decision_has_reason",
                violation_error_message="Give the reason: the author will receive it.",
            ),
        ),
        migrations.AddConstraint(
            model_name="comment",
            constraint=models.CheckConstraint(
                condition=models.Q(("parent", None), ("status", "open"), _connector="OR"),
                name="comment_reply_has_no_status",
            ),
        ),
        migrations.AddConstraint(
            model_name="comment",
            constraint=models.CheckConstraint(
                condition=models.Q(
                    ("parent__isnull", False), ("organisation__isnull", False), _connector="OR"
                ),
                name="comment_secretariat_only_replies",
            ),
        ),
        migrations.AddConstraint(
            model_name="milestone",
            constraint=models.UniqueConstraint(
                fields=("action", "title_fr", "due_on"), name="milestone_unique"
            ),
        ),
        migrations.AddConstraint(
            model_name="milestone",
            constraint=models.CheckConstraint(
                condition=models.Q(("title_fr", ""), _negated=True), name="milestone_titled"
            ),
        ),
        migrations.AddConstraint(
            model_name="consultation",
            constraint=models.CheckConstraint(
                condition=models.Q(("closes_at__gt", models.F("opens_at"))),
                name="consultation_closes_after_opening",
                violation_error_message="A consultation closes after it opens.",
            ),
        ),
        migrations.AddConstraint(
            model_name="block",
            constraint=models.UniqueConstraint(
                deferrable=django.db.models.constraints.Deferrable["DEFERRED"],
                fields=("version", "position"),
                name="block_position_unique",
            ),
        ),
        migrations.AddConstraint(
            model_name="block",
            constraint=models.UniqueConstraint(
                deferrable=django.db.models.constraints.Deferrable["DEFERRED"],
                fields=("version", "label"),
                name="block_label_unique",
            ),
        ),
        migrations.AddConstraint(
            model_name="block",
            constraint=models.UniqueConstraint(fields=("version", "lineage"), name="block_lineage_unique"),
        ),
        migrations.AddConstraint(
            model_name="block",
            constraint=models.CheckConstraint(
                condition=models.Q(
                    models.Q(("axis__isnull", False), ("kind", "axis"), ("parent", None)),
                    models.Q(
                        ("axis", None), ("kind__in", ["chapter", "paragraph"]), ("parent__isnull", False)
                    ),
                    _connector="OR",
                ),
                name="block_tree_shape",
                violation_error_message="An axis stands at the top; a chapter and a paragraph have a parent.",
            ),
        ),
        migrations.AddConstraint(
            model_name="block",
            constraint=models.CheckConstraint(
                condition=models.Q(
                    models.Q(("kind", "paragraph"), _negated=True),
                    models.Q(("body_fr", ""), _negated=True),
                    _connector="OR",
                ),
                name="block_paragraph_has_text",
                violation_error_message="A paragraph has a French text.",
            ),
        ),
        migrations.AddConstraint(
            model_name="block",
            constraint=models.CheckConstraint(
                condition=models.Q(("label__regex", "^[1-9][0-9]{0,3}(\\.[1-9][0-9]{0,3}){0,2}$")),
                name="block_label_numbers",
            ),
        ),
        migrations.AddConstraint(
            model_name="approval",
            constraint=models.CheckConstraint(
                condition=models.Q(("closes_at__gt", models.F("opens_at"))),
                name="approval_closes_after_opening",
                violation_error_message="The vote closes after it opens.",
            ),
        ),
        migrations.AddConstraint(
            model_name="approval",
            constraint=models.CheckConstraint(
                condition=models.Q(
                    models.Q(("closed_at", None), ("outcome", ""), ("record", ""), ("record_sha256", "")),
                    models.Q(
                        ("closed_at__gte", models.F("closes_at")),
                        models.Q(("outcome", ""), _negated=True),
                        models.Q(("record", ""), _negated=True),
                        ("record_sha256__regex", "^[0-9a-f]{64}$"),
                    ),
                    _connector="OR",
                ),
                name="approval_record_complete",
            ),
        ),
        migrations.AddConstraint(
            model_name="approval",
            constraint=models.CheckConstraint(
                condition=models.Q(("electorate_size__gte", 1)), name="approval_has_electorate"
            ),
        ),
        migrations.AddConstraint(
            model_name="voter",
            constraint=models.UniqueConstraint(fields=("approval", "organisation"), name="voter_once"),
        ),
        migrations.AddIndex(
            model_name="ballot",
            index=models.Index(fields=["voter", "-id"], name="ballot_latest"),
        ),
        migrations.AddConstraint(
            model_name="ballot",
            constraint=models.CheckConstraint(
                condition=models.Q(("choice__in", ["pour", "contre", "abstention"])),
                name="ballot_choice_known",
            ),
        ),
        triggers.publishes(
            "roadmap_version",
            "roadmap_block",
            "roadmap_approval",
            "roadmap_action",
            "roadmap_action_partners",
            "roadmap_milestone",
            "roadmap_actiontask",
        ),
        triggers.tells_members("roadmap_version", "roadmap_consultation", "roadmap_comment"),
        *approval_triggers.operations(),
        drafting_triggers.published_text_never_changes(),
    ]
