"""Date polls: slots × host sites, who can when, ranked; one choice schedules and invites."""
