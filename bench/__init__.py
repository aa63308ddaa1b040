"""Sessional beside other servers on this machine: `make bench`. Nothing in the product imports this."""
