from vfm_workflow.documents import *  # noqa  # shim while people work in parallel; the lead removes it
