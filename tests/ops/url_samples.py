PUBLIC = {"ops:healthz", "ops:readyz", "ops:metrics"}
