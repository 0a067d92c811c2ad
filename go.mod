module postmortem

go 1.26
