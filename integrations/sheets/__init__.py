"""Reading and writing spreadsheets: CSV, gzip of CSV and XLSX, as streams of rows.

Nothing here knows Django or a brand rule. Faults are codes with facts; the words for people stand
in ``integrations/wording.py``.
"""
