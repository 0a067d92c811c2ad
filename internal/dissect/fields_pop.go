package dissect

var (
	fPOP = row(Field{Name: "pop", Label: "Post Office Protocol", Type: Protocol})

	fPopResponse            = row(Field{Name: "pop.response", Label: "Response", Type: String})
	fPopResponseIndicator   = row(Field{Name: "pop.response.indicator", Label: "Response indicator", Type: String, Means: "+OK, -ERR or +"})
	fPopResponseDescription = row(Field{Name: "pop.response.description", Label: "Response description", Type: String})
	fPopResponseData        = row(Field{Name: "pop.response.data", Label: "Data", Type: String, Means: "Response Data"})
	fPopRequest             = row(Field{Name: "pop.request", Label: "Request", Type: String})
	fPopRequestCommand      = row(Field{Name: "pop.request.command", Label: "Request command", Type: String})
	fPopRequestParameter    = row(Field{Name: "pop.request.parameter", Label: "Request parameter", Type: String, Means: "The password of PASS is masked unless asked for"})
	fPopRequestData         = row(Field{Name: "pop.request.data", Label: "Data", Type: String, Means: "Request data"})

	fPopFragments         = row(Field{Name: "pop.data.fragments", Label: "DATA fragments", Means: "Message fragments"})
	fPopFragment          = row(Field{Name: "pop.data.fragment", Label: "DATA fragment", Type: FrameNum, Means: "Message fragment"})
	fPopFragmentCount     = row(Field{Name: "pop.data.fragment.count", Label: "DATA fragment count", Type: Uint32})
	fPopReassembledLength = row(Field{Name: "pop.data.reassembled.length", Label: "Reassembled DATA length", Type: Uint32, Means: "The total length of the reassembled payload"})

	xPopLength = expert{row(Field{Name: "pop.response.tot_len.invalid", Label: "Length must be a string containing an integer"}), failure, aboutMalformed}

	popParts = partFields{fPopFragments, fPopFragment, fPopFragmentCount, fPopReassembledLength}
)
