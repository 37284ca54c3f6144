"""The people that the other tests log in as are who they claim to be."""

from members.permissions import can_enter_space, is_secretariat, voting_organisation_ids


def test_roles_have_their_rights(people):
    assert voting_organisation_ids(people["member"]) == {people.organisation.pk}
    assert voting_organisation_ids(people["member_other"]) == {people.other_organisation.pk}
    assert can_enter_space(people["observer"]) and not voting_organisation_ids(people["observer"])
    assert not can_enter_space(people["pilot"])
    assert is_secretariat(people["secretariat"]) and not people["secretariat"].is_superuser
    assert people["administrator"].is_superuser


def test_client_is_logged_in_as_its_role(client_for, people):
    assert client_for("member").session["_auth_user_id"] == str(people["member"].pk)
    assert "_auth_user_id" not in client_for("anonymous").session
