"""The servers that Sessional is measured against. Each answers the same documents with the same rows."""
