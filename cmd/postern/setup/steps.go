package setup

import (
	"cmp"
	"encoding/xml"
	"fmt"
	"strings"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/s3/types"
)

// Steps are the commands of each store's own tools that do what --apply does, for stores without
// S3's calls and for credentials that may not use them.
func (r *Result) Steps(configFile string) string {
	var text strings.Builder
	for _, b := range r.Buckets {
		fmt.Fprintf(&text, "# bucket %s\n", b.Bucket)
		text.WriteString(b.wanted.corsSteps(b.CORS))
		if len(b.wanted.Lifecycle) > 0 {
			text.WriteString(b.wanted.lifecycleSteps(b.Lifecycle, configFile))
		}
		if b.wanted.serverExpiry {
			text.WriteString(b.wanted.serverExpirySteps())
		}
	}
	return text.String()
}

// replacesAll stands before commands that drop the rules which are there.
const replacesAll = "# This replaces all rules of the bucket: add those that are there and have to stay.\n"

// heredoc writes a file in a shell.
func heredoc(file, content string) string {
	return "cat > " + file + " <<'EOF'\n" + content + "\nEOF\n"
}

// corsSteps are the steps for the CORS rules; merged are all rules that the bucket should have, nil
// where those there aren't known.
func (w Wanted) corsSteps(merged *CORSRules) string {
	c := w.CORS
	switch w.provider.Name {
	case "minio": // "mc admin config" and "api" settings in the MinIO documentation: one list for the server
		return "# MinIO has CORS for the whole server, not for a bucket; ALIAS is mc's name of it.\n" +
			"mc admin config set ALIAS api cors_allow_origin=" + strings.Join(c.AllowedOrigins, ",") + "\nmc admin service restart ALIAS\n"
	case "swift": // "CORS" in the Swift documentation: origins and headers are separated by blanks
		return fmt.Sprintf("swift post %s -H 'X-Container-Meta-Access-Control-Allow-Origin: %s' -H 'X-Container-Meta-Access-Control-Expose-Headers: %s' -H 'X-Container-Meta-Access-Control-Max-Age: %d'\n",
			w.Bucket, strings.Join(c.AllowedOrigins, " "), strings.Join(c.ExposeHeaders, " "), maxAge)
	case "gcs": // "Set up and view CORS configurations" in the Cloud Storage documentation: one list for both kinds of headers
		rule := map[string]any{"origin": c.AllowedOrigins, "method": c.AllowedMethods, "responseHeader": sorted(append(c.AllowedHeaders, c.ExposeHeaders...)), "maxAgeSeconds": maxAge}
		return "gcloud storage buckets describe gs://" + w.Bucket + " --format='default(cors_config)'\n" + replacesAll +
			heredoc("cors.json", indented([]any{rule})) + "gcloud storage buckets update gs://" + w.Bucket + " --cors-file=cors.json\n"
	case "oss": // "put-bucket-cors" of ossutil 2.0; OSS rules have no ID
		return "ossutil api get-bucket-cors --bucket " + w.Bucket + "\n" + replacesAll +
			heredoc("cors.xml", xmlOf("CORSConfiguration", ossCORS(c))) + "ossutil api put-bucket-cors --bucket " + w.Bucket + " --cors-configuration file://cors.xml\n"
	}
	if !w.provider.CORSCalls {
		return w.corsWithoutCall()
	}
	steps := ""
	if merged == nil {
		merged = &CORSRules{plain([]types.CORSRule{c})}
		steps = replacesAll
	}
	if w.provider.Name == "r2" { // the commands of wrangler and the dashboard take tokens without S3 credentials
		steps += "# With an API token of R2 for objects alone, paste the list into the dashboard instead: R2, the bucket, Settings, CORS policy.\n"
	}
	if w.provider.Name == "spaces" {
		steps += "# With a key for one bucket, use the control panel instead: Spaces Object Storage, the bucket, Settings, CORS Configurations.\n"
	}
	return steps + heredoc("cors.json", indented(merged)) + "aws s3api put-bucket-cors" + w.awsFlags() + " --cors-configuration file://cors.json\n"
}

// corsWithoutCall are the steps where the store hasn't S3's call, or the credentials may not use
// it.
func (w Wanted) corsWithoutCall() string {
	c := w.CORS
	switch w.provider.Name {
	case "r2": // "r2 bucket cors" of wrangler; its file is what the API of R2 takes
		rule := map[string]any{"allowed": map[string]any{"origins": c.AllowedOrigins, "methods": c.AllowedMethods, "headers": c.AllowedHeaders},
			"exposeHeaders": c.ExposeHeaders, "maxAgeSeconds": maxAge}
		return replacesAll + heredoc("cors.json", indented(map[string]any{"rules": []any{rule}})) + "npx wrangler r2 bucket cors set " + w.Bucket + " --file cors.json\n"
	case "b2": // "Cross-Origin Resource Sharing Rules" in the B2 documentation
		operations := map[string]string{"GET": "s3_get", "POST": "s3_post", "PUT": "s3_put"}
		var allowed []string
		for _, method := range c.AllowedMethods {
			allowed = append(allowed, operations[method])
		}
		rule := map[string]any{"corsRuleName": *c.ID, "allowedOrigins": c.AllowedOrigins, "allowedHeaders": c.AllowedHeaders,
			"allowedOperations": allowed, "exposeHeaders": c.ExposeHeaders, "maxAgeSeconds": maxAge}
		return replacesAll + heredoc("cors.json", indented([]any{rule})) + "b2 bucket update --cors-rules \"$(cat cors.json)\" " + w.Bucket + "\n"
	}
	return "# Allow this in the settings of the store:\n# " + corsLine(c) + "\n" +
		"# Where the store has PutBucketCors, put this into the config instead: store: {can: {cors_calls: true}}\n"
}

// awsFlags name the bucket and, for stores other than AWS, where it is.
func (w Wanted) awsFlags() string {
	flags := " --bucket " + w.Bucket
	if w.endpoint != "" {
		flags += " --endpoint-url " + w.endpoint
	}
	return flags
}

// lifecycleSteps are those for the lifecycle rules, where the bucket needs any.
func (w Wanted) lifecycleSteps(merged *LifecycleRules, configFile string) string {
	switch w.provider.Name {
	case "gcs":
		return w.gcsLifecycle()
	case "oss":
		return "ossutil api get-bucket-lifecycle --bucket " + w.Bucket + "\n" + replacesAll + heredoc("lifecycle.xml", w.ossLifecycle()) +
			"ossutil api put-bucket-lifecycle --bucket " + w.Bucket + " --lifecycle-configuration file://lifecycle.xml\n"
	}
	if merged == nil && !w.provider.LifecycleCalls {
		return w.withoutRules(configFile)
	}
	steps := ""
	if merged == nil {
		merged = &LifecycleRules{plain(w.Lifecycle)}
		steps = replacesAll
	}
	if w.provider.Name == "r2" {
		steps += "# With an API token of R2 for objects alone, use the dashboard instead: R2, the bucket, Settings, Object lifecycle rules.\n"
	}
	if len(merged.Rules) > 0 {
		steps += heredoc("lifecycle.json", indented(merged)) + "aws s3api put-bucket-lifecycle-configuration" + w.awsFlags() + " --lifecycle-configuration file://lifecycle.json\n"
	}
	return steps
}

// serverExpirySteps tell MinIO how long unfinished multipart uploads stay ("stale_uploads_expiry"
// in the MinIO documentation, 24 hours unless set).
func (w Wanted) serverExpirySteps() string {
	return fmt.Sprintf("mc admin config set ALIAS api stale_uploads_expiry=%dh\n", (w.uploadLifetime+day-1)/day*24+24)
}

// withoutRules are what does the work of lifecycle rules where a store has none.
func (w Wanted) withoutRules(configFile string) string {
	var steps strings.Builder
	if w.provider.Name == "other" || w.provider.Name == "seaweedfs" { // SeaweedFS has it since 2026 ("S3 Lifecycle" in its wiki)
		steps.WriteString("# Where the store has PutBucketLifecycleConfiguration, put this into the config instead: store: {can: {lifecycle_calls: true}}\n")
	}
	for _, rule := range w.Lifecycle {
		prefix := aws.ToString(rule.Filter.Prefix)
		if rule.Expiration != nil {
			fmt.Fprintf(&steps, "rclone delete --min-age %dd REMOTE:%s/%s   # once a day; REMOTE is rclone's name of the store\n", aws.ToInt32(rule.Expiration.Days), w.Bucket, prefix)
			continue
		}
		if w.provider.ListsUploads && w.needs(rule) && !strings.Contains(steps.String(), "postern sweep") {
			fmt.Fprintf(&steps, "postern sweep --config %s --apply   # once a day; or \"sweep: {every: 24h}\" in %[1]s, and serve does it\n", cmp.Or(configFile, "FILE"))
		}
	}
	return steps.String()
}

// gcsLifecycle: "Lifecycle conditions" and "Set lifecycle" in the Cloud Storage documentation.
func (w Wanted) gcsLifecycle() string {
	var rules []any
	for _, rule := range w.Lifecycle {
		action, days := "AbortIncompleteMultipartUpload", int32(0)
		if rule.Expiration != nil {
			action, days = "Delete", aws.ToInt32(rule.Expiration.Days)
		} else {
			days = aws.ToInt32(rule.AbortIncompleteMultipartUpload.DaysAfterInitiation)
		}
		rules = append(rules, map[string]any{"action": map[string]any{"type": action},
			"condition": map[string]any{"age": days, "matchesPrefix": []string{aws.ToString(rule.Filter.Prefix)}}})
	}
	return "gcloud storage buckets describe gs://" + w.Bucket + " --format='default(lifecycle_config)'\n" + replacesAll +
		heredoc("lifecycle.json", indented(map[string]any{"rule": rules})) + "gcloud storage buckets update gs://" + w.Bucket + " --lifecycle-file=lifecycle.json\n"
}

// ossCORS writes a rule as OSS does: without an ID.
func ossCORS(rule types.CORSRule) string {
	text, err := xml.MarshalIndent(struct {
		XMLName       xml.Name `xml:"CORSRule"`
		AllowedOrigin []string
		AllowedMethod []string
		AllowedHeader []string
		ExposeHeader  []string
		MaxAgeSeconds int32
	}{xml.Name{}, rule.AllowedOrigins, rule.AllowedMethods, rule.AllowedHeaders, rule.ExposeHeaders, maxAge}, "  ", "  ")
	if err != nil {
		return err.Error()
	}
	return string(text)
}

// ossLifecycle: "PutBucketLifecycle" in the OSS reference, whose rules have a prefix of their own
// and AbortMultipartUpload.
func (w Wanted) ossLifecycle() string {
	type days struct{ Days int32 }
	var rules []string
	for _, rule := range w.Lifecycle {
		out := struct {
			XMLName    xml.Name `xml:"Rule"`
			ID         string   `xml:"ID"`
			Prefix     string
			Status     string
			Expiration *days `xml:",omitempty"`
			Abort      *days `xml:"AbortMultipartUpload,omitempty"`
		}{ID: aws.ToString(rule.ID), Prefix: aws.ToString(rule.Filter.Prefix), Status: string(rule.Status)}
		if rule.Expiration != nil {
			out.Expiration = &days{aws.ToInt32(rule.Expiration.Days)}
		} else {
			out.Abort = &days{aws.ToInt32(rule.AbortIncompleteMultipartUpload.DaysAfterInitiation)}
		}
		text, err := xml.MarshalIndent(out, "  ", "  ")
		if err != nil {
			return err.Error()
		}
		rules = append(rules, string(text))
	}
	return xmlOf("LifecycleConfiguration", rules...)
}

func xmlOf(root string, elements ...string) string {
	return "<" + root + ">\n" + strings.Join(elements, "\n") + "\n</" + root + ">"
}
