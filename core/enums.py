"""Words of the mechanics."""

from django.db import models


class Counter(models.IntegerChoices):
    """The rows of `core_publication`: each counts the commits that changed what some people read."""

    PUBLIC = 1  # all that is public
    MEMBERS = 2  # the roadmap's versions, consultations and comments
