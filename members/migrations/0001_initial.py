from decimal import Decimal

import django.contrib.postgres.constraints
import django.core.serializers.json
import django.core.validators
import django.db.models.deletion
import django.db.models.functions.datetime
import django.db.models.functions.text
import django.utils.timezone
from django.conf import settings
from django.db import migrations, models

import members.addresses
import members.models.organisations
import members.models.privacy


class Migration(migrations.Migration):
    initial = True

    dependencies = [
        ("auth", "0012_alter_user_first_name_max_length"),
    ]

    operations = [
        migrations.CreateModel(
            name="Axis",
            fields=[
                (
                    "id",
                    models.BigAutoField(
                        auto_created=True, primary_key=True, serialize=False, verbose_name="ID"
                    ),
                ),
                ("number", models.PositiveSmallIntegerField(unique=True, verbose_name="number")),
                ("slug", models.SlugField(unique=True, verbose_name="address on the site")),
                ("name_fr", models.CharField(max_length=80, verbose_name="name (French)")),
                ("name_en", models.CharField(max_length=80, verbose_name="name (English)")),
                ("wording_fr", models.TextField(verbose_name="council’s wording (French)")),
                ("wording_en", models.TextField(verbose_name="council’s wording (English)")),
                (
                    "think_tank_wording_fr",
                    models.TextField(blank=True, verbose_name="think tank’s wording (French)"),
                ),
                (
                    "think_tank_wording_en",
                    models.TextField(blank=True, verbose_name="think tank’s wording (English)"),
                ),
            ],
            options={
                "verbose_name": "strategic axis",
                "verbose_name_plural": "strategic axes",
                "ordering": ["number"],
            },
        ),
        migrations.CreateModel(
            name="Body",
            fields=[
                (
                    "id",
                    models.BigAutoField(
                        auto_created=True, primary_key=True, serialize=False, verbose_name="ID"
                    ),
                ),
                ("slug", models.SlugField(unique=True, verbose_name="address on the site")),
                ("name_fr", models.CharField(max_length=120, verbose_name="name (French)")),
                ("name_en", models.CharField(max_length=120, verbose_name="name (English)")),
                ("description_fr", models.TextField(blank=True, verbose_name="description (French)")),
                ("description_en", models.TextField(blank=True, verbose_name="description (English)")),
                ("starts_on", models.DateField(blank=True, null=True, verbose_name="from")),
                ("ends_on", models.DateField(blank=True, null=True, verbose_name="to")),
            ],
            options={
                "verbose_name": "body",
                "verbose_name_plural": "bodies",
                "ordering": ["id"],
            },
        ),
        migrations.CreateModel(
            name="Commune",
            fields=[
                (
                    "id",
                    models.BigAutoField(
                        auto_created=True, primary_key=True, serialize=False, verbose_name="ID"
                    ),
                ),
                ("slug", models.SlugField(unique=True, verbose_name="address on the site")),
                ("name", models.CharField(max_length=80, verbose_name="name")),
            ],
            options={
                "verbose_name": "commune",
                "verbose_name_plural": "communes",
                "ordering": ["slug"],
            },
        ),
        migrations.CreateModel(
            name="Sector",
            fields=[
                (
                    "id",
                    models.BigAutoField(
                        auto_created=True, primary_key=True, serialize=False, verbose_name="ID"
                    ),
                ),
                ("slug", models.SlugField(unique=True, verbose_name="address on the site")),
                ("name_fr", models.CharField(max_length=120, verbose_name="name (French)")),
                ("name_en", models.CharField(max_length=120, verbose_name="name (English)")),
                ("is_priority", models.BooleanField(default=False, verbose_name="priority")),
                ("position", models.PositiveSmallIntegerField(default=0, verbose_name="position")),
            ],
            options={
                "verbose_name": "sector",
                "verbose_name_plural": "sectors",
                "ordering": ["position", "slug"],
            },
        ),
        migrations.CreateModel(
            name="User",
            fields=[
                (
                    "id",
                    models.BigAutoField(
                        auto_created=True, primary_key=True, serialize=False, verbose_name="ID"
                    ),
                ),
                ("password", models.CharField(max_length=128, verbose_name="password")),
                ("last_login", models.DateTimeField(blank=True, null=True, verbose_name="last login")),
                (
                    "is_superuser",
                    models.BooleanField(
                        default=False,
                        help_text="Designates that this user has all permissions without explicitly assigning them.",
                        verbose_name="superuser status",
                    ),
                ),
                (
                    "email",
                    members.addresses.AddressField(
                        error_messages={"unique": "This address has an account."},
                        max_length=254,
                        unique=True,
                        verbose_name="e-mail address",
                    ),
                ),
                ("first_name", models.CharField(max_length=80, verbose_name="first name")),
                ("last_name", models.CharField(max_length=80, verbose_name="last name")),
                ("job_title", models.CharField(blank=True, max_length=120, verbose_name="position")),
                (
                    "language",
                    models.CharField(
                        choices=[("fr", "Français"), ("en", "English")],
                        default="fr",
                        max_length=2,
                        verbose_name="language of e-mails",
                    ),
                ),
                ("phone", models.CharField(blank=True, max_length=30, verbose_name="telephone")),
                ("shows_email", models.BooleanField(default=False, verbose_name="show my e-mail address")),
                ("shows_phone", models.BooleanField(default=False, verbose_name="show my telephone number")),
                ("shows_job_title", models.BooleanField(default=False, verbose_name="show my position")),
                (
                    "is_staff",
                    models.BooleanField(
                        default=False, help_text="May enter the administration site.", verbose_name="staff"
                    ),
                ),
                ("is_active", models.BooleanField(default=True, verbose_name="active")),
                (
                    "date_joined",
                    models.DateTimeField(
                        default=django.utils.timezone.now, editable=False, verbose_name="date joined"
                    ),
                ),
                (
                    "inactivity_warned_at",
                    models.DateTimeField(
                        blank=True, editable=False, null=True, verbose_name="warned of the closing at"
                    ),
                ),
                (
                    "groups",
                    models.ManyToManyField(
                        blank=True,
                        help_text="The groups this user belongs to. A user will get all permissions granted to each of their groups.",
                        related_name="user_set",
                        related_query_name="user",
                        to="auth.group",
                        verbose_name="groups",
                    ),
                ),
                (
                    "user_permissions",
                    models.ManyToManyField(
                        blank=True,
                        help_text="Specific permissions for this user.",
                        related_name="user_set",
                        related_query_name="user",
                        to="auth.permission",
                        verbose_name="user permissions",
                    ),
                ),
            ],
            options={
                "verbose_name": "person",
                "verbose_name_plural": "people",
                "ordering": ["last_name", "first_name"],
            },
        ),
        migrations.CreateModel(
            name="CalendarFeed",
            fields=[
                (
                    "id",
                    models.BigAutoField(
                        auto_created=True, primary_key=True, serialize=False, verbose_name="ID"
                    ),
                ),
                (
                    "token",
                    models.CharField(
                        default=members.models.privacy.new_feed_token,
                        editable=False,
                        max_length=64,
                        unique=True,
                    ),
                ),
                (
                    "renewed_at",
                    models.DateTimeField(
                        db_default=django.db.models.functions.datetime.Now(), verbose_name="renewed"
                    ),
                ),
                (
                    "person",
                    models.OneToOneField(
                        on_delete=django.db.models.deletion.CASCADE,
                        related_name="calendar_feed",
                        to=settings.AUTH_USER_MODEL,
                        verbose_name="person",
                    ),
                ),
            ],
            options={
                "verbose_name": "calendar address",
                "verbose_name_plural": "calendar addresses",
                "default_permissions": (),
            },
        ),
        migrations.CreateModel(
            name="ErasureRequest",
            fields=[
                (
                    "id",
                    models.BigAutoField(
                        auto_created=True, primary_key=True, serialize=False, verbose_name="ID"
                    ),
                ),
                (
                    "message",
                    models.TextField(blank=True, max_length=1000, verbose_name="message to the secretariat"),
                ),
                (
                    "state",
                    models.CharField(
                        choices=[
                            ("open", "To be handled"),
                            ("done", "Erased"),
                            ("refused", "Refused"),
                            ("withdrawn", "Withdrawn"),
                        ],
                        default="open",
                        editable=False,
                        max_length=10,
                        verbose_name="state",
                    ),
                ),
                (
                    "created_at",
                    models.DateTimeField(
                        db_default=django.db.models.functions.datetime.Now(), verbose_name="asked"
                    ),
                ),
                ("handled_at", models.DateTimeField(editable=False, null=True, verbose_name="handled")),
                (
                    "refusal",
                    models.TextField(blank=True, editable=False, verbose_name="reason of the refusal"),
                ),
                (
                    "number",
                    models.PositiveIntegerField(
                        editable=False, null=True, unique=True, verbose_name="pseudonym"
                    ),
                ),
                (
                    "person",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="erasure_requests",
                        to=settings.AUTH_USER_MODEL,
                        verbose_name="person",
                    ),
                ),
            ],
            options={
                "verbose_name": "erasure request",
                "verbose_name_plural": "erasure requests",
                "ordering": ["-id"],
                "default_permissions": ("view", "add", "change"),
            },
        ),
        migrations.CreateModel(
            name="MailRefusal",
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
                            ("workshop-reminder-silent", "Reminders of a workshop that waits for my answer"),
                            ("workshop-reminder-attending", "Reminders of a workshop that I come to"),
                            ("comment-decided", "Decisions on my comments"),
                            ("decision-due", "Reminders of decisions that I carry out"),
                            ("page-confirm", "The yearly reminder to confirm my organisation’s page"),
                        ],
                        max_length=40,
                        verbose_name="kind",
                    ),
                ),
                (
                    "refused_at",
                    models.DateTimeField(
                        db_default=django.db.models.functions.datetime.Now(), verbose_name="refused"
                    ),
                ),
                (
                    "person",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.CASCADE,
                        related_name="mail_refusals",
                        to=settings.AUTH_USER_MODEL,
                        verbose_name="person",
                    ),
                ),
            ],
            options={
                "verbose_name": "refused kind of mail",
                "verbose_name_plural": "refused kinds of mail",
                "ordering": ["id"],
                "default_permissions": (),
            },
        ),
        migrations.CreateModel(
            name="Organisation",
            fields=[
                (
                    "id",
                    models.BigAutoField(
                        auto_created=True, primary_key=True, serialize=False, verbose_name="ID"
                    ),
                ),
                ("slug", models.SlugField(max_length=80, unique=True, verbose_name="address on the site")),
                ("name", models.CharField(max_length=160, unique=True, verbose_name="name")),
                ("sort_name", models.CharField(db_index=True, editable=False, max_length=160)),
                (
                    "kind",
                    models.CharField(
                        choices=[
                            ("grand-groupe", "Major company"),
                            ("pme", "SME"),
                            ("startup", "Startup"),
                            ("investisseurs", "Investor network"),
                            ("organisation-professionnelle", "Professional organisation"),
                            ("chambre-consulaire", "Consular chamber"),
                            ("recherche-conseil", "Research and consulting"),
                            ("entreprise-adaptee", "Adapted company"),
                            ("incubateur", "Incubator"),
                            ("collectivite", "Public authority"),
                        ],
                        max_length=40,
                        verbose_name="kind",
                    ),
                ),
                (
                    "siren",
                    models.CharField(
                        blank=True,
                        max_length=9,
                        validators=[members.models.organisations.validate_siren],
                        verbose_name="SIREN",
                    ),
                ),
                (
                    "siret",
                    models.CharField(
                        blank=True,
                        max_length=14,
                        validators=[members.models.organisations.validate_siret],
                        verbose_name="SIRET of the head office",
                    ),
                ),
                (
                    "naf_rev2",
                    models.CharField(
                        blank=True,
                        max_length=6,
                        validators=[
                            django.core.validators.RegexValidator(
                                "^[0-9]{2}\\.[0-9]{2}[A-Z]$", "A NAF code looks like 28.99B.", code="naf"
                            )
                        ],
                        verbose_name="NAF code (rév. 2)",
                    ),
                ),
                (
                    "naf_2025",
                    models.CharField(
                        blank=True,
                        help_text="In force from 1 January 2027.",
                        max_length=6,
                        validators=[
                            django.core.validators.RegexValidator(
                                "^[0-9]{2}\\.[0-9]{2}[A-Z]$", "A NAF code looks like 28.99B.", code="naf"
                            )
                        ],
                        verbose_name="NAF code (2025)",
                    ),
                ),
                ("address", models.TextField(blank=True, max_length=300, verbose_name="postal address")),
                (
                    "latitude",
                    models.DecimalField(
                        blank=True,
                        decimal_places=6,
                        max_digits=8,
                        null=True,
                        validators=[
                            django.core.validators.MinValueValidator(Decimal("-90")),
                            django.core.validators.MaxValueValidator(Decimal("90")),
                        ],
                        verbose_name="latitude",
                    ),
                ),
                (
                    "longitude",
                    models.DecimalField(
                        blank=True,
                        decimal_places=6,
                        max_digits=9,
                        null=True,
                        validators=[
                            django.core.validators.MinValueValidator(Decimal("-180")),
                            django.core.validators.MaxValueValidator(Decimal("180")),
                        ],
                        verbose_name="longitude",
                    ),
                ),
                ("website", models.URLField(blank=True, verbose_name="website")),
                (
                    "commune",
                    models.ForeignKey(
                        blank=True,
                        null=True,
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="organisations",
                        to="members.commune",
                        verbose_name="commune",
                    ),
                ),
                (
                    "sectors",
                    models.ManyToManyField(
                        blank=True, related_name="organisations", to="members.sector", verbose_name="sectors"
                    ),
                ),
            ],
            options={
                "verbose_name": "organisation",
                "verbose_name_plural": "organisations",
                "ordering": ["sort_name"],
            },
        ),
        migrations.CreateModel(
            name="Mandate",
            fields=[
                (
                    "id",
                    models.BigAutoField(
                        auto_created=True, primary_key=True, serialize=False, verbose_name="ID"
                    ),
                ),
                (
                    "role",
                    models.CharField(
                        choices=[
                            ("chair", "Chair"),
                            ("titular", "Titular member"),
                            ("alternate", "Alternate member"),
                            ("observer", "Observer"),
                            ("expert", "Expert"),
                        ],
                        max_length=12,
                        verbose_name="role",
                    ),
                ),
                ("starts_on", models.DateField(default=django.utils.timezone.localdate, verbose_name="from")),
                ("ends_on", models.DateField(blank=True, null=True, verbose_name="to (excluded)")),
                (
                    "body",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="mandates",
                        to="members.body",
                        verbose_name="body",
                    ),
                ),
                (
                    "person",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="mandates",
                        to=settings.AUTH_USER_MODEL,
                        verbose_name="person",
                    ),
                ),
                (
                    "organisation",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="mandates",
                        to="members.organisation",
                        verbose_name="organisation",
                    ),
                ),
            ],
            options={
                "verbose_name": "mandate",
                "verbose_name_plural": "mandates",
                "ordering": ["body", "organisation", "role", "starts_on"],
            },
        ),
        migrations.CreateModel(
            name="Change",
            fields=[
                (
                    "id",
                    models.BigAutoField(
                        auto_created=True, primary_key=True, serialize=False, verbose_name="ID"
                    ),
                ),
                ("register", models.CharField(max_length=20, verbose_name="register")),
                ("object_id", models.PositiveBigIntegerField()),
                (
                    "verb",
                    models.CharField(
                        choices=[("added", "Added"), ("changed", "Changed"), ("removed", "Removed")],
                        max_length=8,
                        verbose_name="what",
                    ),
                ),
                (
                    "values",
                    models.JSONField(
                        default=dict,
                        encoder=django.core.serializers.json.DjangoJSONEncoder,
                        verbose_name="values",
                    ),
                ),
                ("source", models.CharField(blank=True, max_length=40, verbose_name="source")),
                ("reason", models.TextField(blank=True, verbose_name="reason")),
                (
                    "at",
                    models.DateTimeField(
                        db_default=django.db.models.functions.datetime.Now(), verbose_name="at"
                    ),
                ),
                (
                    "by",
                    models.ForeignKey(
                        null=True,
                        on_delete=django.db.models.deletion.SET_NULL,
                        related_name="changes_made",
                        to=settings.AUTH_USER_MODEL,
                        verbose_name="by",
                    ),
                ),
                (
                    "person",
                    models.ForeignKey(
                        null=True,
                        on_delete=django.db.models.deletion.SET_NULL,
                        related_name="changes",
                        to=settings.AUTH_USER_MODEL,
                        verbose_name="person",
                    ),
                ),
                (
                    "organisation",
                    models.ForeignKey(
                        null=True,
                        on_delete=django.db.models.deletion.SET_NULL,
                        related_name="changes",
                        to="members.organisation",
                        verbose_name="organisation",
                    ),
                ),
            ],
            options={
                "verbose_name": "change of a register",
                "verbose_name_plural": "changes of the registers",
                "ordering": ["-id"],
            },
        ),
        migrations.CreateModel(
            name="PortalInvitation",
            fields=[
                (
                    "id",
                    models.BigAutoField(
                        auto_created=True, primary_key=True, serialize=False, verbose_name="ID"
                    ),
                ),
                ("email", models.EmailField(max_length=254, verbose_name="sent to")),
                ("token_hash", models.CharField(editable=False, max_length=64, unique=True)),
                (
                    "state",
                    models.CharField(
                        choices=[("open", "Open"), ("accepted", "Accepted"), ("revoked", "Revoked")],
                        default="open",
                        max_length=10,
                        verbose_name="state",
                    ),
                ),
                (
                    "reopens",
                    models.BooleanField(
                        default=False,
                        help_text="The account was closed when the invitation was sent.",
                        verbose_name="reopens a closed account",
                    ),
                ),
                (
                    "created_at",
                    models.DateTimeField(
                        db_default=django.db.models.functions.datetime.Now(), verbose_name="sent at"
                    ),
                ),
                ("expires_at", models.DateTimeField(verbose_name="expires at")),
                ("accepted_at", models.DateTimeField(blank=True, null=True, verbose_name="accepted at")),
                (
                    "invited_by",
                    models.ForeignKey(
                        null=True,
                        on_delete=django.db.models.deletion.SET_NULL,
                        related_name="+",
                        to=settings.AUTH_USER_MODEL,
                        verbose_name="invited by",
                    ),
                ),
                (
                    "person",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.CASCADE,
                        related_name="portal_invitations",
                        to=settings.AUTH_USER_MODEL,
                        verbose_name="person",
                    ),
                ),
            ],
            options={
                "verbose_name": "invitation to the portal",
                "verbose_name_plural": "invitations to the portal",
                "ordering": ["-id"],
                "default_permissions": ("view", "add"),
            },
        ),
        migrations.CreateModel(
            name="RegisterImport",
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
                        choices=[("organisations", "Organisations"), ("people", "People and mandates")],
                        max_length=16,
                        verbose_name="kind",
                    ),
                ),
                ("name", models.CharField(max_length=120, verbose_name="file")),
                ("content", models.BinaryField()),
                ("sha256", models.CharField(max_length=64)),
                (
                    "at",
                    models.DateTimeField(
                        db_default=django.db.models.functions.datetime.Now(), verbose_name="at"
                    ),
                ),
                (
                    "by",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.CASCADE,
                        related_name="+",
                        to=settings.AUTH_USER_MODEL,
                        verbose_name="by",
                    ),
                ),
            ],
            options={
                "verbose_name": "file to import",
                "verbose_name_plural": "files to import",
                "ordering": ["id"],
            },
        ),
        migrations.CreateModel(
            name="Seat",
            fields=[
                (
                    "id",
                    models.BigAutoField(
                        auto_created=True, primary_key=True, serialize=False, verbose_name="ID"
                    ),
                ),
                ("starts_on", models.DateField(blank=True, null=True, verbose_name="from")),
                ("ends_on", models.DateField(blank=True, null=True, verbose_name="to (excluded)")),
                (
                    "body",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="seats",
                        to="members.body",
                        verbose_name="body",
                    ),
                ),
                (
                    "organisation",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="seats",
                        to="members.organisation",
                        verbose_name="organisation",
                    ),
                ),
            ],
            options={
                "verbose_name": "seat",
                "verbose_name_plural": "seats",
                "ordering": ["body", "organisation"],
            },
        ),
        migrations.AddConstraint(
            model_name="user",
            constraint=models.CheckConstraint(
                condition=models.Q(("email", django.db.models.functions.text.Lower("email"))),
                name="user_email_lower_case",
            ),
        ),
        migrations.AddConstraint(
            model_name="user",
            constraint=models.CheckConstraint(
                condition=models.Q(("email__regex", "^[!-~]+$")),
                name="user_email_ascii",
                violation_error_message="An address is kept in plain ASCII.",
            ),
        ),
        migrations.AddConstraint(
            model_name="erasurerequest",
            constraint=models.UniqueConstraint(
                condition=models.Q(("state", "open")),
                fields=("person",),
                name="erasurerequest_one_open",
                violation_error_message="This person has an open request already.",
            ),
        ),
        migrations.AddConstraint(
            model_name="erasurerequest",
            constraint=models.CheckConstraint(
                condition=models.Q(
                    models.Q(("number__isnull", False), ("state", "done")),
                    models.Q(models.Q(("state", "done"), _negated=True), ("number", None)),
                    _connector="OR",
                ),
                name="erasurerequest_done_numbered",
            ),
        ),
        migrations.AddConstraint(
            model_name="erasurerequest",
            constraint=models.CheckConstraint(
                condition=models.Q(
                    models.Q(("state", "refused"), _negated=True),
                    models.Q(("refusal", ""), _negated=True),
                    _connector="OR",
                ),
                name="erasurerequest_refusal_has_reason",
            ),
        ),
        migrations.AddConstraint(
            model_name="mailrefusal",
            constraint=models.UniqueConstraint(fields=("person", "kind"), name="mailrefusal_once"),
        ),
        migrations.AddConstraint(
            model_name="mailrefusal",
            constraint=models.CheckConstraint(
                condition=models.Q(
                    (
                        "kind__in",
                        [
                            "workshop-reminder-silent",
                            "workshop-reminder-attending",
                            "comment-decided",
                            "decision-due",
                            "page-confirm",
                        ],
                    )
                ),
                name="mailrefusal_kind_refusable",
            ),
        ),
        migrations.AddIndex(
            model_name="mandate",
            index=models.Index(fields=["body", "role", "organisation"], name="mandate_body_role"),
        ),
        migrations.AddConstraint(
            model_name="mandate",
            constraint=models.CheckConstraint(
                condition=models.Q(
                    ("ends_on__gt", models.F("starts_on")), ("ends_on", None), _connector="OR"
                ),
                name="mandate_ends_after_start",
                violation_error_message="A mandate ends after it starts.",
            ),
        ),
        migrations.AddConstraint(
            model_name="mandate",
            constraint=django.contrib.postgres.constraints.ExclusionConstraint(
                condition=models.Q(("role", "titular")),
                expressions=[
                    (
                        models.Func(
                            models.F("organisation"),
                            models.F("organisation"),
                            models.Value("[]"),
                            function="int8range",
                        ),
                        "&&",
                    ),
                    (
                        models.Func(
                            models.F("body"), models.F("body"), models.Value("[]"), function="int8range"
                        ),
                        "&&",
                    ),
                    (members.models.organisations.DateRangeFunc("starts_on", "ends_on"), "&&"),
                ],
                name="mandate_one_titular",
                violation_error_message="This organisation has another titular member on this body at that time.",
            ),
        ),
        migrations.AddConstraint(
            model_name="mandate",
            constraint=django.contrib.postgres.constraints.ExclusionConstraint(
                expressions=[
                    (
                        models.Func(
                            models.F("person"), models.F("person"), models.Value("[]"), function="int8range"
                        ),
                        "&&",
                    ),
                    (
                        models.Func(
                            models.F("organisation"),
                            models.F("organisation"),
                            models.Value("[]"),
                            function="int8range",
                        ),
                        "&&",
                    ),
                    (
                        models.Func(
                            models.F("body"), models.F("body"), models.Value("[]"), function="int8range"
                        ),
                        "&&",
                    ),
                    (members.models.organisations.DateRangeFunc("starts_on", "ends_on"), "&&"),
                ],
                name="mandate_person_once",
                violation_error_message="This person already has a mandate there at that time.",
            ),
        ),
        migrations.AddIndex(
            model_name="change",
            index=models.Index(fields=["person", "-id"], name="change_of_person"),
        ),
        migrations.AddIndex(
            model_name="change",
            index=models.Index(fields=["organisation", "-id"], name="change_of_organisation"),
        ),
        migrations.AddConstraint(
            model_name="portalinvitation",
            constraint=models.UniqueConstraint(
                condition=models.Q(("state", "open")),
                fields=("person",),
                name="portalinvitation_one_open",
                violation_error_message="This person has an open invitation already.",
            ),
        ),
        migrations.AddConstraint(
            model_name="portalinvitation",
            constraint=models.CheckConstraint(
                condition=models.Q(
                    models.Q(("accepted_at__isnull", False), ("state", "accepted")),
                    models.Q(models.Q(("state", "accepted"), _negated=True), ("accepted_at", None)),
                    _connector="OR",
                ),
                name="portalinvitation_accepted_at",
            ),
        ),
        migrations.AddConstraint(
            model_name="seat",
            constraint=django.contrib.postgres.constraints.ExclusionConstraint(
                expressions=[
                    (
                        models.Func(
                            models.F("organisation"),
                            models.F("organisation"),
                            models.Value("[]"),
                            function="int8range",
                        ),
                        "&&",
                    ),
                    (
                        models.Func(
                            models.F("body"), models.F("body"), models.Value("[]"), function="int8range"
                        ),
                        "&&",
                    ),
                    (members.models.organisations.DateRangeFunc("starts_on", "ends_on"), "&&"),
                ],
                name="seat_once",
                violation_error_message="This organisation already has a seat on this body at that time.",
            ),
        ),
        migrations.AddConstraint(
            model_name="seat",
            constraint=models.CheckConstraint(
                condition=models.Q(
                    ("ends_on__gt", models.F("starts_on")),
                    ("ends_on", None),
                    ("starts_on", None),
                    _connector="OR",
                ),
                name="seat_ends_after_start",
                violation_error_message="The end comes after the start.",
            ),
        ),
        migrations.AddConstraint(
            model_name="organisation",
            constraint=models.UniqueConstraint(
                condition=models.Q(("siren", ""), _negated=True),
                fields=("siren",),
                name="organisation_siren_unique",
                violation_error_message="Another organisation has this SIREN.",
            ),
        ),
        migrations.AddConstraint(
            model_name="organisation",
            constraint=models.CheckConstraint(
                condition=models.Q(("siren", ""), ("siren__regex", "^[0-9]{9}$"), _connector="OR"),
                name="organisation_siren_digits",
                violation_error_message="A SIREN has nine digits.",
            ),
        ),
        migrations.AddConstraint(
            model_name="organisation",
            constraint=models.CheckConstraint(
                condition=models.Q(
                    ("siret", ""),
                    models.Q(
                        ("siren", django.db.models.functions.text.Left("siret", 9)),
                        ("siret__regex", "^[0-9]{14}$"),
                    ),
                    _connector="OR",
                ),
                name="organisation_siret_of_siren",
                violation_error_message="A SIRET has fourteen digits, the first nine being the SIREN.",
            ),
        ),
        migrations.AddConstraint(
            model_name="organisation",
            constraint=models.CheckConstraint(
                condition=models.Q(
                    ("naf_rev2", ""), ("naf_rev2__regex", "^[0-9]{2}\\.[0-9]{2}[A-Z]$"), _connector="OR"
                ),
                name="organisation_naf_rev2_form",
            ),
        ),
        migrations.AddConstraint(
            model_name="organisation",
            constraint=models.CheckConstraint(
                condition=models.Q(
                    ("naf_2025", ""), ("naf_2025__regex", "^[0-9]{2}\\.[0-9]{2}[A-Z]$"), _connector="OR"
                ),
                name="organisation_naf_2025_form",
            ),
        ),
        migrations.AddConstraint(
            model_name="organisation",
            constraint=models.CheckConstraint(
                condition=models.Q(
                    models.Q(("latitude", None), ("longitude", None)),
                    models.Q(
                        ("latitude__isnull", False),
                        ("latitude__range", (-90, 90)),
                        ("longitude__isnull", False),
                        ("longitude__range", (-180, 180)),
                    ),
                    _connector="OR",
                ),
                name="organisation_coordinates",
                violation_error_message="Give both coordinates: latitude from −90 to 90, longitude from −180 to 180.",
            ),
        ),
    ]
