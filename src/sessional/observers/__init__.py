"""Who watches: one file for each reader of ``sessional.observe``'s closed list.

Logs, metrics, Sentry and traces. They know observations and nothing else of the program: no
settings, no database, no GraphQL. What they pass on holds no token, password, SQL or value. A
reader's library is imported when the reader is wanted, so that one that is off costs nothing.
"""
