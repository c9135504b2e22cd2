"""Mails: what is written, the outbox that keeps each from being sent twice, and the task that sends."""
