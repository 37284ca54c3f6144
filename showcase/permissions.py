"""Who may do what with the showcase."""

from typing import Any

from members.permissions import is_secretariat, voting_organisation_ids
from showcase.enums import PageState
from showcase.models import CompanyPage

# What the secretariat's group needs in the admin.
SECRETARIAT_PERMISSIONS = [
    *(f"showcase.{verb}_companypage" for verb in ("view", "add", "change")),
    *(
        f"showcase.{verb}_{model}"
        for model in ("commitment", "companyfigure", "companycommitment")
        for verb in ("view", "add", "change", "delete")
    ),
]


def can_publish_page(user: Any, page: CompanyPage | None = None) -> bool:
    """The secretariat decides what the public reads about a company."""
    return is_secretariat(user) and user.has_perm("showcase.change_companypage")


def can_confirm_page(user: Any, page: CompanyPage) -> bool:
    """Who carries the organisation's voice vouches for its public page; the secretariat notes what it was told."""
    if page.state != PageState.PUBLISHED:
        return False
    return can_publish_page(user, page) or page.organisation_id in voting_organisation_ids(user)
