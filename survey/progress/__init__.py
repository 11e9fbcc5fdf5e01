"""How far the fieldwork is: who was asked, what became of them, who is to be reminded."""
