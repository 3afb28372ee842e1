"""Strict and bounded parsing of the object store's answers, which are untrusted text."""
