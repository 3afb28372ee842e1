"""The wire of Provena's services: one module an operation, one an answer.

Generated from the services' interfaces; made anew rather than edited. It sends nothing by itself: each module
of ``provena_api.api`` says what an operation sends and reads what comes back.
"""

presenter: str | None = None
"""Module whose functions ``text`` and ``html`` show models; it is imported when first needed."""
