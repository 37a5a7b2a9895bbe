"""The fault rig: real worker processes are killed and mail servers misbehave, and what was owed is compared with what came."""
