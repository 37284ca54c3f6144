"""What calendars answer to invitations, read from a mailbox; and what is too strange to be taken as an answer."""
