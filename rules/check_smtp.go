package rules

var smtpChecks []Check
