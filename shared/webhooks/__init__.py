"""Telling other systems what happened: who wants to hear what, and how each message to them ended."""
