"""Answers from elsewhere: complete answers, coded, checked as a form checks them."""
