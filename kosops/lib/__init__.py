"""Plumbing that knows no app: errors, money, periods, queue, lists."""
