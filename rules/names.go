package rules

// HelloName is the name that the client gave with EHLO, HELO or LHLO, "" when
// it gave none.
func (c *Case) HelloName() string {
	name, _ := c.helloName()
	return name
}
