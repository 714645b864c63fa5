"""A person at the Medusa shop: sets it up, orders, captures, ships, takes goods back, gives money back."""

from __future__ import annotations

from typing import Any

import httpx

EMAIL, PASSWORD = "admin@example.com", "supersecret"


class MedusaShop:
    """Its administration by token, and its store for customers. `key`: for the desk."""

    def __init__(self, url: str) -> None:
        self._http = httpx.Client(base_url=url, timeout=60, trust_env=False)
        sign_in = {"email": EMAIL, "password": PASSWORD}
        token = self._post("/auth/user/emailpass", sign_in)["token"]
        self._admin = {"authorization": f"Bearer {token}"}
        self.url, self.key = url, self.post("api-keys", title="desk", type="secret")["api_key"]["token"]
        self._set_up()

    def close(self) -> None:
        self._http.close()

    def _read(self, answer: httpx.Response) -> Any:
        assert answer.status_code < 300, f"{answer.request.url} {answer.status_code} {answer.text[:400]}"
        return answer.json()

    def _post(self, path: str, body: Any, headers: dict[str, str] | None = None) -> Any:
        return self._read(self._http.post(path, json=body, headers=headers))

    def post(self, path: str, **body: Any) -> Any:
        return self._post(f"/admin/{path}", body, self._admin)

    def get(self, path: str) -> Any:
        return self._read(self._http.get(f"/admin/{path}", headers=self._admin))

    def _store(self, path: str, **body: Any) -> Any:
        return self._post(f"/store/{path}", body, {"x-publishable-api-key": self._public})

    def _set_up(self) -> None:
        """A region that pays in euro, a warehouse, a way to ship and back, two things to sell, a reason."""
        public = self.post("api-keys", title="store", type="publishable")["api_key"]
        self._public = public["token"]
        channels = self.get("sales-channels")["sales_channels"]
        channel = channels[0] if channels else self.post("sales-channels", name="Web")["sales_channel"]
        self._channel = channel["id"]
        self.post(f"api-keys/{public['id']}/sales-channels", add=[self._channel])
        store = self.get("stores")["stores"][0]["id"]
        euro = [{"currency_code": "eur", "is_default": True}]
        self.post(f"stores/{store}", supported_currencies=euro, default_sales_channel_id=self._channel)
        region = {"name": "Europe", "currency_code": "eur", "countries": ["de"]}
        self._region = self.post("regions", **region, payment_providers=["pp_system_default"])["region"]["id"]
        place = {"name": "Warehouse", "address": {"address_1": "x", "country_code": "de"}}
        self._place = self.post("stock-locations", **place)["stock_location"]["id"]
        self.post(f"stock-locations/{self._place}/sales-channels", add=[self._channel])
        self.post(f"stock-locations/{self._place}/fulfillment-providers", add=["manual_manual"])
        self.post(f"stock-locations/{self._place}/fulfillment-sets", name="ship", type="shipping")
        sets = self.get(f"stock-locations/{self._place}?fields=*fulfillment_sets")["stock_location"]["fulfillment_sets"]
        zones = {"name": "EU", "geo_zones": [{"type": "country", "country_code": "de"}]}
        zone = self.post(f"fulfillment-sets/{sets[0]['id']}/service-zones", **zones)
        self._zone = zone["fulfillment_set"]["service_zones"][0]["id"]
        profiles = self.get("shipping-profiles")["shipping_profiles"]
        profile = profiles[0] if profiles else None
        profile = profile or self.post("shipping-profiles", name="Default", type="default")["shipping_profile"]
        self._profile = profile["id"]
        self._ship, self._back = self._way("Standard", 5, "false"), self._way("Return", 0, "true")
        self._variants = [self._thing("Kettle", 39.9), self._thing("Headphones", 129.0)]
        self._reason = self.post("return-reasons", value="damaged", label="Damaged")["return_reason"]["id"]

    def _way(self, name: str, price: float, back: str) -> str:
        rules = [{"attribute": "enabled_in_store", "value": "true", "operator": "eq"}]
        rules.append({"attribute": "is_return", "value": back, "operator": "eq"})
        kind = {"label": name, "description": name, "code": name.lower()}
        made = self.post(
            "shipping-options",
            name=name,
            service_zone_id=self._zone,
            shipping_profile_id=self._profile,
            provider_id="manual_manual",
            price_type="flat",
            type=kind,
            prices=[{"currency_code": "eur", "amount": price}],
            rules=rules,
        )
        return str(made["shipping_option"]["id"])

    def _thing(self, title: str, price: float) -> str:
        variant = {"title": "One", "sku": title.upper(), "manage_inventory": False, "options": {"Size": "One"}}
        variant["prices"] = [{"currency_code": "eur", "amount": price}]
        made = self.post(
            "products",
            title=title,
            status="published",
            shipping_profile_id=self._profile,
            sales_channels=[{"id": self._channel}],
            options=[{"title": "Size", "values": ["One"]}],
            variants=[variant],
        )
        return str(made["product"]["variants"][0]["id"])

    def buy(self, email: str, *items: tuple[int, int]) -> Any:
        """An order of things by place; authorised, not captured."""
        cart = self._store("carts", region_id=self._region, email=email, sales_channel_id=self._channel)["cart"]["id"]
        for thing, quantity in items:
            self._store(f"carts/{cart}/line-items", variant_id=self._variants[thing], quantity=quantity)
        to = {"first_name": "Ama", "last_name": "Owusu", "address_1": "Street 1", "city": "Berlin"}
        to |= {"postal_code": "10115", "country_code": "de"}
        self._store(f"carts/{cart}", shipping_address=to, billing_address=to)
        self._store(f"carts/{cart}/shipping-methods", option_id=self._ship)
        collection = self._store("payment-collections", cart_id=cart)["payment_collection"]["id"]
        self._store(f"payment-collections/{collection}/payment-sessions", provider_id="pp_system_default")
        order = self._store(f"carts/{cart}/complete")["order"]["id"]
        return self.get(f"orders/{order}?fields=*items,*payment_collections.payments,display_id")["order"]

    def capture(self, order: Any) -> None:
        self.post(f"payments/{self._payment(order)}/capture")

    def refund(self, order: Any, amount: float) -> None:
        self.post(f"payments/{self._payment(order)}/refund", amount=amount, note="one of them")

    def _payment(self, order: Any) -> str:
        return str(order["payment_collections"][0]["payments"][0]["id"])

    def ship(self, order: Any) -> None:
        items = [{"id": item["id"], "quantity": item["quantity"]} for item in order["items"]]
        self.post(f"orders/{order['id']}/fulfillments", items=items, location_id=self._place)
        parcel = self.get(f"orders/{order['id']}?fields=*fulfillments")["order"]["fulfillments"][-1]["id"]
        label = {"tracking_number": "T-1", "tracking_url": "https://x.test/1", "label_url": "https://x.test/l"}
        self.post(f"orders/{order['id']}/fulfillments/{parcel}/shipments", items=items, labels=[label])
        self.post(f"orders/{order['id']}/fulfillments/{parcel}/mark-as-delivered")

    def want_back(self, order: Any) -> str:
        """A return of one unit of the first line, requested."""
        id = self.post("returns", order_id=order["id"], location_id=self._place)["return"]["id"]
        item = {"id": order["items"][0]["id"], "quantity": 1, "reason_id": self._reason, "internal_note": "cracked"}
        self.post(f"returns/{id}/request-items", items=[item])
        self.post(f"returns/{id}/shipping-method", shipping_option_id=self._back)
        self.post(f"returns/{id}/request", no_notification=True)
        return str(id)

    def claim(self, order: Any) -> str:
        id = self.post("claims", type="refund", order_id=order["id"])["claim"]["id"]
        item = {
            "id": order["items"][0]["id"],
            "quantity": 1,
            "reason": "production_failure",
            "internal_note": "buzzing",
        }
        self.post(f"claims/{id}/claim-items", items=[item])
        self.post(f"claims/{id}/request", no_notification=True)
        return str(id)
