"""Login by ProConnect, the State's identity federation for professionals. Off until its settings are given."""
