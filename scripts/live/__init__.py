"""Real servers for tests: Keycloak and object stores, fetched or built once, each run on a free port of 127.0.0.1.

``python -m scripts.live --help`` shows what can be done by hand; tests use :mod:`scripts.live.keycloak` and
:mod:`scripts.live.stores`. Everything is cached outside the project, below :func:`scripts.live.cache.folder`.
"""
