package rules

var capChecks []Check
