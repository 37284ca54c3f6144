"""Phrases of Django's administration whose French our catalogue mends: Django's own knows neither gender nor elision.

Nothing reads this list but the extraction of messages: a msgid that our catalogue has wins over Django's.
"""

from django.utils.translation import gettext_noop as _

PHRASES = (
    # what was done, above a page
    _("The {name} “{obj}” was added successfully."),
    _("The {name} “{obj}” was added successfully. You may add another {name} below."),
    _("The {name} “{obj}” was changed successfully."),
    _("The {name} “{obj}” was changed successfully. You may edit it again below."),
    _("The {name} “{obj}” was changed successfully. You may add another {name} below."),
    _("The %(name)s “%(obj)s” was deleted successfully."),
    _("%(name)s with ID “%(key)s” doesn’t exist. Perhaps it was deleted?"),
    _("You may edit it again below."),
    # a row's history
    _("Added {name} “{object}”."),
    _("Changed {fields} for {name} “{object}”."),
    _("Deleted {name} “{object}”."),
    _("No fields changed."),
    _("This object doesn’t have a change history. It probably wasn’t added via this admin site."),
    _("Change history: %s"),
    # deleting
    _("Delete selected %(verbose_name_plural)s"),
    _(
        'Are you sure you want to delete the %(object_name)s "%(escaped_object)s"? '
        "All of the following related items will be deleted:"
    ),
    _(
        "Are you sure you want to delete the selected %(objects_name)s? All of the "
        "following objects and their related items will be deleted:"
    ),
    _(
        "Deleting the %(object_name)s '%(escaped_object)s' would result in deleting "
        "related objects, but your account doesn't have permission to delete the "
        "following types of objects:"
    ),
    _(
        "Deleting the %(object_name)s '%(escaped_object)s' would require deleting the "
        "following protected related objects:"
    ),
    _(
        "Deleting %(class_name)s %(instance)s would require deleting the following "
        "protected related objects: %(related_objects)s"
    ),
    _(
        "Deleting the selected %(objects_name)s would result in deleting related "
        "objects, but your account doesn't have permission to delete the following types of objects:"
    ),
    _(
        "Deleting the selected %(objects_name)s would require deleting the following protected related objects:"
    ),
    _("Objects"),
    _("Yes, I’m sure"),
    _("No, take me back"),
    # lists and forms
    _("Add %(name)s"),
    _("Add another %(verbose_name)s"),
    _("Add another %(model)s"),
    _("Change selected %(model)s"),
    _("Delete selected %(model)s"),
    _("View selected %(model)s"),
    _("Go"),
    _("Run the selected action"),
    _("Save and add another"),
    _("Save and continue editing"),
    _(" By %(filter_title)s "),
    _("None available"),
    _("Any date"),
    _("No date"),
    _("Has date"),
    _("Items must be selected in order to perform actions on them. No items have been changed."),
    _("%(app)s administration"),
    # names of allauth's apps and models
    _("Authentication and Authorization"),
    _("Social Accounts"),
)
