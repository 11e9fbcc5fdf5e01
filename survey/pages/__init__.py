"""The web pages: thin blueprints over the rooms below."""
