/*
 * Says where a browser is too old for Wardlight, in place of a page that half works. In syntax that all of them read,
 * and a file of its own: the application's own scripts may be what such a browser cannot read. It asks for what
 * styles and scripts stand on; the versions that have all of it are the floor of vue_frontend/package.json.
 */
(function () {
  'use strict';

  function isSupported(property, value) {
    return !!(window.CSS && window.CSS.supports && window.CSS.supports(property, value));
  }

  function readsPattern(pattern) {
    try {
      return !!new RegExp(pattern);
    } catch (error) {
      return false;
    }
  }

  if (isSupported('container-type', 'inline-size') && isSupported('height', '1dvh') && readsPattern('(?<=a)b')) return;

  var texts = [
    ['en', 'This browser is too old for Wardlight. It takes Chrome or Edge 109, Firefox 115, Safari 16.4, or newer.'],
    ['de', 'Dieser Browser ist zu alt f\u00fcr Wardlight. N\u00f6tig: Chrome oder Edge 109, Firefox 115, Safari 16.4 oder neuer.'],
    ['es', 'Este navegador es demasiado antiguo para Wardlight. Hace falta Chrome o Edge 109, Firefox 115, Safari 16.4 o posterior.']
  ];
  var notice = document.createElement('div');
  notice.id = 'old-browser';
  notice.setAttribute('role', 'alert');
  notice.style.cssText =
    'max-width: 40em; margin: 2em auto; padding: 1em; border: 4px solid #000; background: #fff; color: #000;' +
    'font: 18px/1.5 sans-serif';
  for (var index = 0; index < texts.length; index += 1) {
    var text = document.createElement('p');
    text.lang = texts[index][0];
    text.appendChild(document.createTextNode(texts[index][1]));
    notice.appendChild(text);
  }
  // Without its place the application shows nothing: half of a page must not be taken for the ward.
  var application = document.getElementById('app');
  if (application) application.parentNode.removeChild(application);
  document.body.appendChild(notice);
})();
