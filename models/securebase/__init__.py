"""Securebase: do the people around us change how securely we are attached?"""
