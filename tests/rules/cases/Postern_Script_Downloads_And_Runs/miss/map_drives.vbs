Set n = CreateObject("WScript.Network")
n.MapNetworkDrive "H:", "\\server\home"
WScript.Echo "done"
