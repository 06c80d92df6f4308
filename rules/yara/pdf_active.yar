rule Postern_PDF_Launch
{
    meta:
        description = "A PDF starts a program when it is opened."
        severity = "high"
        score = 8
        class = "malware"
        attack = "T1204.002"
        author = "Postern project"
        date = "2026-11-24"
    strings:
        $header = "%PDF-" ascii
        $launch = /\/S\s{0,8}\/L(a|#61)unch\b/
        $windows = /\/Launch[^>]{0,200}\/(Win|F)\b/
    condition:
        $header in (0..1024) and any of ($launch, $windows)
}

rule Postern_PDF_JavaScript_On_Open
{
    meta:
        description = "A PDF runs JavaScript as soon as it is opened."
        severity = "medium"
        score = 3
        class = "suspicious"
        attack = "T1059.007 T1204.002"
        author = "Postern project"
        date = "2026-11-24"
    strings:
        $header = "%PDF-" ascii
        $script1 = "/JavaScript" ascii
        $script2 = /\/JS\s{0,4}[(<0-9]/
        $script3 = /\/J#61v/
        $script4 = /\/#4[aA](avaScript|S)/
        $action = /\/OpenAction\b/
        $page = /\/AA\s{0,8}<</
        $names = /\/Names\s{0,8}<<[^>]{0,100}\/JavaScript/
    condition:
        $header in (0..1024) and any of ($script*) and any of ($action, $page, $names)
}

rule Postern_PDF_Script_Exports_And_Opens
{
    meta:
        description = "JavaScript in a PDF writes an attached file out and opens it."
        severity = "critical"
        score = 10
        class = "malware"
        attack = "T1204.002"
        author = "Postern project"
        date = "2026-11-24"
    strings:
        $header = "%PDF-" ascii
        $export = /exportDataObject\s{0,4}\(/
        $launch = /nLaunch\s{0,4}:\s{0,4}[12]/
    condition:
        $header in (0..1024) and $export and $launch
}
