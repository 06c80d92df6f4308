var x = new XMLHttpRequest();
x.open("GET", "/news.json");
x.onload = function () { console.log(x.responseText); };
x.send();
