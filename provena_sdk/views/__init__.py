"""How what the SDK returns shows itself: cards, tables, pictures and data frames. No I/O."""
