"""The public pages of the council's bodies, the members' directory, preferences, and the way out of mails."""

from typing import Any

from django.contrib import messages
from django.contrib.auth.decorators import login_not_required
from django.contrib.auth.models import AnonymousUser
from django.core.exceptions import PermissionDenied, ValidationError
from django.db import transaction
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.utils.translation import gettext as _
from django.views.decorators.cache import never_cache
from django.views.decorators.csrf import csrf_exempt
from django.views.decorators.http import require_http_methods, require_POST, require_safe

from core.http import anonymous_page_cache, paginate, secret_page
from core.search import clean
from members.accounts import lock_account
from members.directory import bodies, groups_of, matching_organisations
from members.history import record_change, snapshot
from members.models import Body, CalendarFeed, User, new_feed_token
from members.notifications import UNREFUSABLE, read_token, refuse
from members.permissions import can_see_directory
from members.space_forms import PreferencesForm

DIRECTORY_PER_PAGE = 20


@login_not_required
@require_safe
@anonymous_page_cache()
def body_list(request: HttpRequest) -> HttpResponse:
    """The council's bodies, who chairs them, and how many organisations sit on each."""
    return render(request, "members/body_list.html", {"bodies": bodies()})


@login_not_required
@require_safe
@anonymous_page_cache()
def body_detail(request: HttpRequest, slug: str) -> HttpResponse:
    """A body: its organisations, and the people in public roles."""
    return render(request, "members/body_detail.html", {"body": get_object_or_404(bodies(), slug=slug)})


@require_safe
def directory_list(request: HttpRequest) -> HttpResponse:
    """The members' directory, by organisation: each person decides what is shown. 422 for a search too long."""
    if not can_see_directory(request.user):
        raise PermissionDenied
    query, body = request.GET.get("q", ""), request.GET.get("instance", "")
    error, unknown, choices = "", "", list(Body.objects.all())
    try:
        query = clean(query)
    except ValidationError as refusal:
        error = " ".join(refusal.messages)
    if body not in {choice.slug for choice in choices}:
        body, unknown = "", body[:60]
    page = paginate([] if error else matching_organisations(query, body), request, DIRECTORY_PER_PAGE)
    context = {
        "page": page,
        "groups": groups_of(list(page.object_list), query, body),
        "query": query,
        "body": body,
        "bodies": choices,
        "error": error,
        "unknown": unknown,
    }
    return render(request, "members/directory_list.html", context, status=422 if error else 200)


@require_http_methods(["GET", "HEAD", "POST"])
def preference_edit(request: HttpRequest) -> HttpResponse:
    """Language, mails, directory, calendar address."""
    user: Any = request.user
    if request.method == "POST":
        with transaction.atomic():
            person = lock_account(user)
            before = snapshot(person)
            form = PreferencesForm(request.POST, instance=person)
            if form.is_valid():
                form.save()
                record_change(person, before=before, after=snapshot(person), by=person)
                messages.success(request, _("Your choices are kept."))
                return redirect("members:preference_edit")
    else:
        # A copy of its own: a refused form must not show in the page's head.
        person = User.objects.get(pk=user.pk)
        form = PreferencesForm(instance=person)
    context = {
        "form": form,
        "unrefusable": UNREFUSABLE,
        "feed": CalendarFeed.objects.filter(person=person).first(),
    }
    return render(request, "members/preference_edit.html", context, status=422 if form.is_bound else 200)


@require_POST
def feed_renew(request: HttpRequest) -> HttpResponse:
    """Make the person's calendar address, or another one in its place."""
    user: Any = request.user
    with transaction.atomic():
        lock_account(user)
        CalendarFeed.objects.update_or_create(person=user, defaults={"token": new_feed_token()})
    messages.success(request, _("Your calendar has a new address. A former one opens nothing any more."))
    return redirect("members:preference_edit")


@login_not_required
@csrf_exempt  # mail programs post here by themselves (RFC 8058), with neither cookie nor form
@never_cache
@require_http_methods(["GET", "HEAD", "POST"])
def unsubscribe(request: HttpRequest, token: str) -> HttpResponse:
    """The address in a mail's List-Unsubscribe. A GET shows what it is about; a POST refuses that kind of mail."""
    found = read_token(token)
    if found is None:
        raise Http404(_("This link refuses nothing: copy it whole from the e-mail, or log in to choose."))
    person, kind = found
    if request.method == "POST":
        with transaction.atomic():
            lock_account(person)
            refuse(person, kind)
    # Whoever is logged in, the page is the mail's: and no logout form, whose origin could not be checked from here.
    context = {"kind": kind, "done": request.method == "POST", "user": AnonymousUser()}
    response = render(request, "members/unsubscribe.html", context)
    return secret_page(response)
