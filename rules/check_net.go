package rules

var netChecks []Check
