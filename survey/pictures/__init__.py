"""Pictures of figures, drawn as SVG text: what is drawn is given as it is to be said, and nothing is computed here."""
