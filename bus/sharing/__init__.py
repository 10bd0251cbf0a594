"""STEP 4: WHO MAY KNOW WHAT. Each subscriber gets exactly what its agreement grants: master.*, canonical.* → share.<agreement>"""
