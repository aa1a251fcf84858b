package explain

import "maps"

// codeInfo describes one code: how grave it is, what it means, and how to correct its cause.
// {field}, {wanted} and {got} stand for those of the finding.
type codeInfo struct {
	severity     Severity
	summary, fix string
}

// codes holds every code. Its parts are in files of their own.
var codes = func() map[string]codeInfo {
	all := map[string]codeInfo{}
	for _, part := range codeTables {
		maps.Copy(all, part)
	}
	return all
}()

var codeTables = []map[string]codeInfo{policyCodes, formCodes, urlCodes, signatureCodes, storeCodes, evidenceCodes, browserCodes}

// info is what the finding's code means.
func (f Finding) info() codeInfo {
	if unseen, ok := unseenValues[f.Code]; ok && f.Got == "" {
		return unseen
	}
	if fix, ok := unnamedFixes[f.Code]; ok && f.Wanted == "" && f.Field == "" {
		return codeInfo{codes[f.Code].severity, codes[f.Code].summary, fix}
	}
	return codes[f.Code]
}
