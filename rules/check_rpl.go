package rules

var rplChecks []Check
