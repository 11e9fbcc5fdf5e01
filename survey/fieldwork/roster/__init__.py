"""Who is asked: schools, classes and participants from the tables people send."""
