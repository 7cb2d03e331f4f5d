"""The clinical rules: tables and dataclasses in, dataclasses out.

Nothing here knows Django, the database, the settings or the clock, so every threshold can be read beside
its source and tried without a server. What a rule needs to know is handed to it.
"""
