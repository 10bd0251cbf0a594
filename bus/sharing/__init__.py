"""STEP 4: WHO MAY KNOW WHAT. Agreements between departments, and what follows from them; nothing is shared that no agreement says."""
