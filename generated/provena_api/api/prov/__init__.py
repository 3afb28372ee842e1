"""The operations of the prov service, one module each."""
