EVERY_MEMBER = {"api_docs", "api_schema", "api_unknown"}


def samples(cast):
    return {"api_unknown": {"address": "nothing/here/"}}
