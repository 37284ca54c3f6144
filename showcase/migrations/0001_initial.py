import django.contrib.postgres.indexes
import django.contrib.postgres.search
import django.db.models.deletion
import django.db.models.functions.datetime
from django.db import migrations, models

from core import triggers


class Migration(migrations.Migration):
    initial = True

    dependencies = [
        ("core", "0001_initial"),
        ("members", "0002_publication_triggers"),
    ]

    operations = [
        migrations.CreateModel(
            name="Commitment",
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
                ("position", models.PositiveSmallIntegerField(default=0, verbose_name="position")),
            ],
            options={
                "verbose_name": "commitment",
                "verbose_name_plural": "commitments",
                "ordering": ["position", "slug"],
            },
        ),
        migrations.CreateModel(
            name="CompanyPage",
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
                        choices=[("draft", "Draft"), ("published", "Published"), ("withdrawn", "Withdrawn")],
                        default="draft",
                        editable=False,
                        max_length=12,
                        verbose_name="state",
                    ),
                ),
                (
                    "tagline_fr",
                    models.CharField(blank=True, max_length=160, verbose_name="in one line (French)"),
                ),
                (
                    "tagline_en",
                    models.CharField(blank=True, max_length=160, verbose_name="in one line (English)"),
                ),
                ("story_fr", models.TextField(blank=True, verbose_name="story (French, Markdown)")),
                ("story_en", models.TextField(blank=True, verbose_name="story (English, Markdown)")),
                ("products_fr", models.TextField(blank=True, verbose_name="products (French, Markdown)")),
                ("products_en", models.TextField(blank=True, verbose_name="products (English, Markdown)")),
                (
                    "founded_year",
                    models.PositiveSmallIntegerField(blank=True, null=True, verbose_name="founded in"),
                ),
                (
                    "confirmed_at",
                    models.DateTimeField(
                        db_default=django.db.models.functions.datetime.Now(),
                        editable=False,
                        verbose_name="confirmed",
                    ),
                ),
                ("reminded_at", models.DateTimeField(editable=False, null=True)),
                ("search", django.contrib.postgres.search.SearchVectorField(editable=False, null=True)),
                ("search_words", models.TextField(default="", editable=False)),
                ("updated_at", models.DateTimeField(auto_now=True, verbose_name="updated")),
                (
                    "organisation",
                    models.OneToOneField(
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="page",
                        to="members.organisation",
                        verbose_name="organisation",
                    ),
                ),
            ],
            options={
                "verbose_name": "company page",
                "verbose_name_plural": "company pages",
                "ordering": ["organisation__sort_name"],
            },
        ),
        migrations.CreateModel(
            name="CompanyFigure",
            fields=[
                (
                    "id",
                    models.BigAutoField(
                        auto_created=True, primary_key=True, serialize=False, verbose_name="ID"
                    ),
                ),
                ("label_fr", models.CharField(max_length=120, verbose_name="label (French)")),
                ("label_en", models.CharField(max_length=120, verbose_name="label (English)")),
                ("value", models.CharField(max_length=40, verbose_name="value")),
                ("year", models.PositiveSmallIntegerField(blank=True, null=True, verbose_name="year")),
                ("is_target", models.BooleanField(default=False, verbose_name="target")),
                ("position", models.PositiveSmallIntegerField(default=0, verbose_name="position")),
                (
                    "page",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.CASCADE,
                        related_name="figures",
                        to="showcase.companypage",
                    ),
                ),
            ],
            options={
                "verbose_name": "figure",
                "verbose_name_plural": "figures",
                "ordering": ["position", "id"],
            },
        ),
        migrations.CreateModel(
            name="CompanyCommitment",
            fields=[
                (
                    "id",
                    models.BigAutoField(
                        auto_created=True, primary_key=True, serialize=False, verbose_name="ID"
                    ),
                ),
                (
                    "evidence_fr",
                    models.CharField(blank=True, max_length=300, verbose_name="evidence (French)"),
                ),
                (
                    "evidence_en",
                    models.CharField(blank=True, max_length=300, verbose_name="evidence (English)"),
                ),
                (
                    "commitment",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="pages",
                        to="showcase.commitment",
                        verbose_name="commitment",
                    ),
                ),
                (
                    "page",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.CASCADE,
                        related_name="commitments",
                        to="showcase.companypage",
                    ),
                ),
            ],
            options={
                "verbose_name": "company’s commitment",
                "verbose_name_plural": "company’s commitments",
                "ordering": ["commitment__position", "id"],
            },
        ),
        migrations.AddIndex(
            model_name="companypage",
            index=django.contrib.postgres.indexes.GinIndex(fields=["search"], name="companypage_search"),
        ),
        migrations.AddConstraint(
            model_name="companyfigure",
            constraint=models.UniqueConstraint(
                fields=("page", "label_fr", "year"), name="companyfigure_unique"
            ),
        ),
        migrations.AddConstraint(
            model_name="companycommitment",
            constraint=models.UniqueConstraint(
                fields=("page", "commitment"), name="companycommitment_unique"
            ),
        ),
        triggers.publishes(
            "showcase_companypage",
            "showcase_companyfigure",
            "showcase_companycommitment",
            "showcase_commitment",
        ),
    ]
