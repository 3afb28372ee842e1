"""How the services' data show themselves: cards, tables and pictures. No I/O."""
