package rules

var authChecks []Check
