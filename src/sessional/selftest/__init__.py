"""The acceptance tests of the contract, for whoever runs the service: on the spot, over HTTP.

``checks`` says what is checked, ``caller`` how the service is asked, ``instance`` starts one to throw
away, ``report`` runs and tells. Nothing here knows the service but by its address: no other room of
this house is imported, and nothing outside Python's own library.
"""
