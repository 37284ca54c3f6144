import django.db.models.deletion
import django.db.models.functions.datetime
import django.db.models.functions.text
from django.conf import settings
from django.db import migrations, models


class Migration(migrations.Migration):
    initial = True

    dependencies = [
        migrations.swappable_dependency(settings.AUTH_USER_MODEL),
    ]

    operations = [
        migrations.CreateModel(
            name="Heartbeat",
            fields=[
                (
                    "id",
                    models.BigAutoField(
                        auto_created=True, primary_key=True, serialize=False, verbose_name="ID"
                    ),
                ),
                ("name", models.CharField(max_length=40, unique=True, verbose_name="name")),
                (
                    "at",
                    models.DateTimeField(
                        db_default=django.db.models.functions.datetime.Now(), verbose_name="seen at"
                    ),
                ),
            ],
            options={
                "verbose_name": "sign of life",
                "verbose_name_plural": "signs of life",
                "default_permissions": (),
            },
        ),
        migrations.CreateModel(
            name="OutboxEmail",
            fields=[
                (
                    "id",
                    models.BigAutoField(
                        auto_created=True, primary_key=True, serialize=False, verbose_name="ID"
                    ),
                ),
                ("key", models.CharField(max_length=200, verbose_name="event")),
                ("kind", models.CharField(max_length=60, verbose_name="kind")),
                ("to", models.CharField(max_length=320, verbose_name="recipient")),
                ("sequence", models.PositiveIntegerField(default=0, verbose_name="sequence")),
                ("language", models.CharField(max_length=10, verbose_name="language")),
                ("subject", models.CharField(max_length=500, verbose_name="subject")),
                ("text", models.TextField(verbose_name="text")),
                ("html", models.TextField(blank=True, verbose_name="HTML")),
                ("calendar_text", models.TextField(blank=True, verbose_name="calendar entry")),
                (
                    "calendar_method",
                    models.CharField(
                        blank=True,
                        choices=[
                            ("REQUEST", "invitation"),
                            ("CANCEL", "cancellation"),
                            ("PUBLISH", "information"),
                        ],
                        max_length=10,
                        verbose_name="calendar method",
                    ),
                ),
                ("message_id", models.CharField(max_length=255, unique=True, verbose_name="Message-ID")),
                ("thread", models.CharField(blank=True, max_length=200, verbose_name="thread")),
                ("in_reply_to", models.CharField(blank=True, max_length=255, verbose_name="in reply to")),
                (
                    "unsubscribe_url",
                    models.CharField(blank=True, max_length=500, verbose_name="unsubscribe address"),
                ),
                ("reply_to", models.CharField(blank=True, max_length=320, verbose_name="reply to")),
                (
                    "state",
                    models.CharField(
                        choices=[
                            ("queued", "queued"),
                            ("inflight", "being sent"),
                            ("sent", "sent"),
                            ("retry", "to be retried"),
                            ("failed", "failed"),
                            ("cancelled", "cancelled"),
                        ],
                        default="queued",
                        max_length=10,
                        verbose_name="state",
                    ),
                ),
                ("attempts", models.PositiveSmallIntegerField(default=0, verbose_name="attempts")),
                ("next_attempt_at", models.DateTimeField(blank=True, null=True, verbose_name="next attempt")),
                (
                    "claimed_at",
                    models.DateTimeField(blank=True, null=True, verbose_name="taken by a worker at"),
                ),
                ("sent_at", models.DateTimeField(blank=True, null=True, verbose_name="sent at")),
                ("cancel_requested", models.BooleanField(default=False, verbose_name="cancellation asked")),
                (
                    "smtp_code",
                    models.PositiveSmallIntegerField(blank=True, null=True, verbose_name="SMTP code"),
                ),
                (
                    "error_class",
                    models.CharField(
                        blank=True,
                        choices=[
                            ("bad_address", "the address is not valid"),
                            ("refused", "refused by the mail server"),
                            ("deferred", "put off by the mail server"),
                            ("timeout", "the mail server did not answer in time"),
                            ("disconnected", "the connection broke"),
                            ("unreachable", "the mail server cannot be reached"),
                            ("invalid_message", "the message cannot be written"),
                            ("worker_lost", "the worker stopped while sending"),
                            ("unexpected", "unexpected error"),
                        ],
                        max_length=20,
                        verbose_name="failure",
                    ),
                ),
                (
                    "error_detail",
                    models.CharField(blank=True, max_length=500, verbose_name="failure in detail"),
                ),
                (
                    "created_at",
                    models.DateTimeField(
                        db_default=django.db.models.functions.datetime.Now(), verbose_name="written at"
                    ),
                ),
                (
                    "recipient",
                    models.ForeignKey(
                        blank=True,
                        null=True,
                        on_delete=django.db.models.deletion.SET_NULL,
                        related_name="+",
                        to=settings.AUTH_USER_MODEL,
                        verbose_name="person",
                    ),
                ),
            ],
            options={
                "verbose_name": "e-mail",
                "verbose_name_plural": "e-mails",
                "permissions": [("resend_outboxemail", "Can resend e-mail")],
                "default_permissions": ("view",),
                "indexes": [
                    models.Index(
                        condition=models.Q(("state__in", ("queued", "retry"))),
                        fields=["next_attempt_at", "id"],
                        name="outboxemail_due",
                    ),
                    models.Index(
                        condition=models.Q(("state", "inflight")),
                        fields=["claimed_at"],
                        name="outboxemail_inflight",
                    ),
                    models.Index(
                        models.F("thread"),
                        django.db.models.functions.text.Lower("to"),
                        models.F("id"),
                        condition=models.Q(("thread", ""), _negated=True),
                        name="outboxemail_thread",
                    ),
                ],
                "constraints": [
                    models.UniqueConstraint(
                        models.F("key"),
                        django.db.models.functions.text.Lower("to"),
                        models.F("kind"),
                        models.F("sequence"),
                        name="outboxemail_once",
                    ),
                    models.CheckConstraint(
                        condition=models.Q(
                            models.Q(("next_attempt_at__isnull", False), ("state__in", ("queued", "retry"))),
                            models.Q(
                                models.Q(("state__in", ("queued", "retry")), _negated=True),
                                ("next_attempt_at__isnull", True),
                            ),
                            _connector="OR",
                        ),
                        name="outboxemail_next_attempt_iff_waiting",
                    ),
                    models.CheckConstraint(
                        condition=models.Q(
                            models.Q(("claimed_at__isnull", False), ("state", "inflight")),
                            models.Q(
                                models.Q(("state", "inflight"), _negated=True), ("claimed_at__isnull", True)
                            ),
                            _connector="OR",
                        ),
                        name="outboxemail_claimed_iff_inflight",
                    ),
                    models.CheckConstraint(
                        condition=models.Q(
                            models.Q(("sent_at__isnull", False), ("state", "sent")),
                            models.Q(models.Q(("state", "sent"), _negated=True), ("sent_at__isnull", True)),
                            _connector="OR",
                        ),
                        name="outboxemail_sent_at_iff_sent",
                    ),
                    models.CheckConstraint(
                        condition=models.Q(
                            models.Q(("state__in", ("retry", "failed")), _negated=True),
                            models.Q(("error_class", ""), _negated=True),
                            _connector="OR",
                        ),
                        name="outboxemail_failure_has_class",
                    ),
                    models.CheckConstraint(
                        condition=models.Q(
                            ("cancel_requested", False), ("state", "inflight"), _connector="OR"
                        ),
                        name="outboxemail_cancel_requested_inflight",
                    ),
                    models.CheckConstraint(
                        condition=models.Q(
                            models.Q(("calendar_method", ""), ("calendar_text", "")),
                            models.Q(
                                models.Q(("calendar_text", ""), _negated=True),
                                models.Q(("calendar_method", ""), _negated=True),
                            ),
                            _connector="OR",
                        ),
                        name="outboxemail_calendar_has_method",
                    ),
                ],
            },
        ),
    ]
