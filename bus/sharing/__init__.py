"""STEP 4: each subscriber gets exactly what its agreement grants. master.*, canonical.* → share.<agreement>"""
